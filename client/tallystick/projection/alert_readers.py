"""Alerts that follow from one event alone. Pure; an event that needs no alert gives None."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from tallystick.chain.decode import Event, read_label
from tallystick.projection.alerts import Alert

MS_PER_S: Final = 1_000
FIRST_SET: Final = 1


def _overdraft(event: Event) -> Alert | None:
    """An overdraft that comes from this charge alone; a deeper one was told before."""
    overdraft_ucr = event.args["overdraftUcr"]
    if not 0 < overdraft_ucr <= event.args["costUcr"] - event.args["fromBalanceUcr"]:
        return None
    return Alert("overdraft", event.args["project"], overdraft_ucr, 0, event.tx_hash)


def _unfrozen(event: Event) -> Alert:
    return Alert("unfrozen", event.args["account"], 0, 0, event.tx_hash)


def _outcome_disputed(event: Event) -> Alert:
    subject = f"{event.args['kind']}/{event.args['epoch']}"
    return Alert("outcome_disputed", event.args["project"], 0, 0, event.tx_hash, subject=subject)


def _review_opened(event: Event) -> Alert:
    epoch = str(event.args["epoch"])
    return Alert("review_opened", event.args["project"], 0, 0, event.tx_hash, subject=epoch)


def _grant_cut(event: Event) -> Alert | None:
    args, epoch = event.args, str(event.args["epoch"])
    grant_ucr, base_ucr = args["grantUcr"], args["baseUcr"]
    if grant_ucr >= base_ucr:
        return None
    return Alert("grant_cut", args["project"], grant_ucr, base_ucr, event.tx_hash, subject=epoch)


def _record_released(event: Event) -> Alert:
    args, cost_ucr = event.args, event.args["costUcr"]
    return _correction("record_released", event, args["project"], cost_ucr)


def _record_credited(event: Event) -> Alert:
    return _correction("record_credited", event, event.args["project"], event.args["amountUcr"])


def _correction(kind: str, event: Event, project: int, amount_ucr: int) -> Alert:
    meter, subject = event.args["meter"], f"{event.args['meter']}/{event.args['seq']}"
    cost_ucr = event.args["costUcr"]
    return Alert(kind, project, amount_ucr, cost_ucr, event.tx_hash, meter, subject=subject)


def _index_closed(event: Event) -> Alert | None:
    args = event.args
    raw_ppm, clamped_ppm = args["rawPpm"], args["clampedPpm"]
    kind = "index_clamped" if args["fromMs"] else "index_refused"
    if args["fromMs"] and raw_ppm == clamped_ppm:
        return None
    label = read_label(args["indexClass"])
    return Alert(kind, 0, raw_ppm, clamped_ppm, event.tx_hash, subject=label)


def _index_held(event: Event) -> Alert:
    args, label = event.args, read_label(event.args["indexClass"])
    return Alert("index_held", 0, args["reports"], args["needed"], event.tx_hash, subject=label)


def _proposal(kind: str, time_argument: str | None) -> Callable[[Event], Alert]:
    def read(event: Event) -> Alert:
        time_ms = event.args[time_argument] * MS_PER_S if time_argument else 0
        subject = str(event.args["proposalId"])
        return Alert(kind, 0, time_ms, 0, event.tx_hash, subject=subject)

    return read


def _validator_set_changed(event: Event) -> Alert | None:
    """Another set; the first one is the network's founding."""
    args = event.args
    if args["version"] == FIRST_SET:
        return None
    members, version = len(args["validators"]), str(args["version"])
    return Alert(
        "validator_set_changed", 0, members, args["fromMs"], event.tx_hash, subject=version
    )


ALERT_READERS: Final[Mapping[tuple[str, str], Callable[[Event], Alert | None]]] = {
    ("Budgets", "ProjectCharged"): _overdraft,
    ("Budgets", "AccountUnfrozen"): _unfrozen,
    ("Outcomes", "OutcomeDisputed"): _outcome_disputed,
    ("Epochs", "ReviewOpened"): _review_opened,
    ("Epochs", "EpochClosed"): _grant_cut,
    ("Corrections", "RecordReleased"): _record_released,
    ("Corrections", "RecordCredited"): _record_credited,
    ("PriceIndex", "IndexClosed"): _index_closed,
    ("PriceIndex", "IndexHeld"): _index_held,
    ("NetworkGovernor", "ProposalCreated"): _proposal("proposal_created", "voteEnd"),
    ("NetworkGovernor", "ProposalQueued"): _proposal("proposal_queued", "etaSeconds"),
    ("NetworkGovernor", "ProposalExecuted"): _proposal("proposal_executed", None),
    ("ValidatorSet", "ValidatorSetChanged"): _validator_set_changed,
}
"""By contract and event."""
