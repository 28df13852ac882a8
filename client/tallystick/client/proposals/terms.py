"""Votes on terms that one struct holds: epochs, kinds of outcomes, leases, the governor's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tallystick.client.errors import ProposalInvalid
from tallystick.client.proposals.changes import (
    Call,
    Change,
    Field,
    Unit,
    compare_fields,
    parse_fields,
)
from tallystick.client.proposals.documents import Entries, require_mapping
from tallystick.client.proposals.state import Governed

EPOCHS: Final = "epochs"
KINDS: Final = "kinds"
LEASES: Final = "leases"
GOVERNOR: Final = "governor"

EPOCH_FIELDS: Final = (
    Field("low", "lowUusd", Unit.UUSD),
    Field("high", "highUusd", Unit.UUSD),
    Field("growth", "growthPpm", Unit.SHARE),
    Field("cut", "cutPpm", Unit.SHARE),
    Field("min_spend", "minSpendUcr", Unit.UCR),
    Field("min_value", "minValueUusd", Unit.UUSD),
    Field("exploration", "explorationPpm", Unit.SHARE),
    Field("dispute", "disputeS", Unit.SECONDS),
)
KIND_FIELDS: Final = (
    Field("usd_per_unit", "uusdPerUnit", Unit.UUSD),
    Field("attribution", "attributionS", Unit.SECONDS),
    Field("id", "kind", Unit.COUNT),
)
LEASE_FIELDS: Final = (
    Field("share", "sharePpm", Unit.SHARE),
    Field("ttl", "maxTtlS", Unit.SECONDS),
    Field("grace", "graceS", Unit.SECONDS),
)
GOVERNOR_FIELDS: Final = (
    Field("voting_delay", "setVotingDelay", Unit.SECONDS),
    Field("voting_period", "setVotingPeriod", Unit.SECONDS),
    Field("quorum_percent", "updateQuorumNumerator", Unit.COUNT),
)
MS_PER_S: Final = 1_000
MAX_KIND: Final = 16
NEXT_EPOCH: Final = 0


def build_epochs(state: Governed, document: Entries) -> list[Call]:
    """The terms of the epochs to come."""
    if EPOCHS not in document:
        return []
    given = parse_fields(state, EPOCHS, require_mapping(EPOCHS, document[EPOCHS]), EPOCH_FIELDS)
    terms = {**state.ask("Epochs", "termsAt", state.epoch + 1), **given}
    return [Call("Epochs", "setTerms", (tuple(terms.values()),))]


def describe_epochs(state: Governed, args: Mapping[str, Any]) -> list[Change]:
    """What changes from the next epoch on."""
    before = state.ask("Epochs", "termsAt", state.epoch + 1)
    return compare_fields(EPOCHS, before, args["terms"], EPOCH_FIELDS)


def list_kinds(state: Governed) -> dict[str, int]:
    """Ids of the kinds of outcomes by name."""
    names = {kind: state.ask("Outcomes", "nameOfKind", kind) for kind in range(1, MAX_KIND + 1)}
    return {name: kind for kind, name in names.items() if name}


def build_kinds(state: Governed, document: Entries) -> list[Call]:
    """What one unit of each kind is worth."""
    if KINDS not in document:
        return []
    known = list_kinds(state)
    calls: list[Call] = []
    for name, entry in require_mapping(KINDS, document[KINDS]).items():
        where = f"{KINDS}.{name}"
        given = parse_fields(state, where, require_mapping(where, entry), KIND_FIELDS)
        kind = known.get(name) or int(given.get("kind", 0)) or _find_free(known)
        known.setdefault(name, kind)
        terms = {**_read_kind(state, kind), **given}
        if "uusdPerUnit" not in terms:
            raise ProposalInvalid(f"{where} is new", expected="usd_per_unit")
        values = (kind, name, terms["uusdPerUnit"], terms.get("attributionS", 0), NEXT_EPOCH)
        calls.append(Call("Outcomes", "setKind", values))
    return calls


def describe_kind(state: Governed, args: Mapping[str, Any]) -> list[Change]:
    """What changes for one kind, from the next epoch on."""
    before = _read_kind(state, args["kind"])
    return compare_fields(f"{KINDS}.{args['name']}", before or None, args, KIND_FIELDS[:2])


def build_leases(state: Governed, document: Entries) -> list[Call]:
    """What a lease may take at most."""
    if LEASES not in document:
        return []
    given = parse_fields(state, LEASES, require_mapping(LEASES, document[LEASES]), LEASE_FIELDS)
    terms = {**state.ask("Leases", "leaseTerms"), **given}
    values = tuple(terms[field.member] for field in LEASE_FIELDS)
    return [Call("Leases", "setLeaseTerms", values)]


def describe_leases(state: Governed, args: Mapping[str, Any]) -> list[Change]:
    """What changes for leases opened from then on."""
    return compare_fields(LEASES, state.ask("Leases", "leaseTerms"), args, LEASE_FIELDS)


def build_governor(state: Governed, document: Entries) -> list[Call]:
    """How votes themselves are held."""
    if GOVERNOR not in document:
        return []
    entries = require_mapping(GOVERNOR, document[GOVERNOR])
    given = parse_fields(state, GOVERNOR, entries, GOVERNOR_FIELDS)
    return [Call("NetworkGovernor", function, (value,)) for function, value in given.items()]


def describe_voting_delay(state: Governed, args: Mapping[str, Any]) -> list[Change]:
    """How long later proposals wait for their vote."""
    before = state.ask("NetworkGovernor", "votingDelay")
    return [Change(f"{GOVERNOR}.voting_delay", before, _only(args), Unit.SECONDS)]


def describe_voting_period(state: Governed, args: Mapping[str, Any]) -> list[Change]:
    """How long later votes last."""
    before = state.ask("NetworkGovernor", "votingPeriod")
    return [Change(f"{GOVERNOR}.voting_period", before, _only(args), Unit.SECONDS)]


def describe_quorum(state: Governed, args: Mapping[str, Any]) -> list[Change]:
    """How many percent of the seats later votes need."""
    # Solidity has two functions of this name; this is the one that takes a past time.
    now_s = state.now_ms // MS_PER_S
    before = state.ask("NetworkGovernor", "quorumNumerator", now_s - 1)
    return [Change(f"{GOVERNOR}.quorum_percent", before, _only(args), Unit.COUNT)]


def _only(args: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a number
    return next(iter(args.values()))


def _read_kind(state: Governed, kind: int) -> dict[str, Any]:
    terms: dict[str, Any] = dict(state.ask("Outcomes", "kindAt", kind, state.epoch + 1))
    return {**terms, "kind": kind} if terms["isKnown"] else {}


def _find_free(known: Mapping[str, int]) -> int:
    free = [kind for kind in range(1, MAX_KIND + 1) if kind not in known.values()]
    if not free:
        raise ProposalInvalid("there are kinds enough", expected=f"at most {MAX_KIND}")
    return free[0]
