"""The demo's second act: two weeks of the same organisation, fast-forwarded.

Members vote on who confirms outcomes and which provider sells credits; projects are replenished by
what they achieved for what they spent; one is cut, appeals and wins; two projects swap credits; and
a vote changes what a call to gpt-4o costs. What projects achieved is invented here; what becomes of
it is decided by the contracts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from tallystick.chain.bindings.appeals import AppealKind
from tallystick.cli.amounts import format_usd, list_changes
from tallystick.cli.render import Table, format_table
from tallystick.client import Client
from tallystick.client.appeals import AppealSubject
from tallystick.client.epochs import compute_velocity_uusd
from tallystick.client.submission import Use
from tallystick.client.swaps import Terms
from tallystick.core.units import UCR_PER_CREDIT, format_credits, parse_credits
from tallystick.local import clock
from tallystick.local.folder import NetworkFolder

DAY_S: Final = 86_400
VOTE_S: Final = 120
METER: Final = "second-act"
FIRST_GRANT: Final = "200"

GROWING: Final = "acme/engineering/assistant"
REVIEWED: Final = "acme/marketing/social"
CONFIRMERS: Final = {
    "acme/support": "confirmer-support",
    "acme/marketing": "confirmer-marketing",
    "acme/engineering": "confirmer-engineering",
}
SOURCE: Final = "billing"
PROVIDER: Final = "cloud"
PROVIDER_KEY: Final = "provider-cloud"

SPENT: Final[Mapping[str, str]] = {GROWING: "claude-3.5-sonnet", REVIEWED: "gpt-4o"}
"""The projects of the act and the model that each of them uses."""
CALLS: Final = 150
CALL_IN, CALL_OUT = 8_000, 1_000
EARNED_CENTS_PER_CREDIT: Final = ({GROWING: 25, REVIEWED: 2}, {GROWING: 25, REVIEWED: 6})
"""By week: the campaign brings little before it launches, and pays its way afterwards."""
CHEAPER: Final = {"w_in": 80_000, "w_out": 240_000}


@dataclass(slots=True)
class Tally:
    """What happened in the act, for the demo's last line."""

    epochs: int = 0
    grown: set[str] = field(default_factory=set)
    reviewed: set[str] = field(default_factory=set)
    appeals_upheld: int = 0
    swaps_cleared: int = 0
    votes_executed: int = 0
    repriced: bool = False


class SecondAct:
    """Plays the act on a network that runs.

    Args:
        client: of the network's folder.
        folder: the network's.
    """

    def __init__(self, client: Client, folder: Path) -> None:
        self._client = client
        self._folder = NetworkFolder(folder)
        self._tally = Tally()
        self._cost_ucr = 0  # of everything that the act's meter has metered

    def play(self) -> dict[str, int | bool]:
        """The counts of the demo's last line, after everything has happened."""
        say("\nSecond act: two weeks, fast-forwarded")
        self._let_outcomes_count()
        for week, earned in enumerate(EARNED_CENTS_PER_CREDIT):
            epoch = self._live_through_an_epoch(earned)
            if week == 0:
                self._appeal(epoch)
                self._swap()
        self._reprice()
        counts = asdict(self._tally)
        return {**counts, "grown": len(counts["grown"]), "reviewed": len(counts["reviewed"])}

    def _let_outcomes_count(self) -> None:
        """Members agree on confirmers, on what grants may begin with, and on a provider."""
        keys = self._client.wire.keys
        confirmers = "".join(f"  {path}: '{keys.create(n)}'\n" for path, n in CONFIRMERS.items())
        self._decide(
            "Replenish acme by outcomes, sell credits of the cloud",
            f"confirmers:\n{confirmers}"
            "enrolment_allowance:\n  acme: 1000\n"
            f"providers:\n  {PROVIDER}:\n    key: '{keys.create(PROVIDER_KEY)}'\n"
            "    rate: 0.5\n    daily: 10000\n    daily_per_organisation: 10000\n",
        )
        keys.create(SOURCE)
        self._client.outcomes.set_source("acme", "revenue", SOURCE)
        self._client.register_meter(METER, "acme")
        for project in SPENT:
            self._client.epochs.enrol(project, parse_credits(FIRST_GRANT))

    def _live_through_an_epoch(self, earned: Mapping[str, int]) -> int:
        """Projects work, report what they earned, and the epoch closes; gives its number."""
        epoch = self._client.epochs.current()
        spent_ucr = {project: self._work(project) for project in SPENT}
        for project, ucr in spent_ucr.items():
            cents = ucr * earned[project] // UCR_PER_CREDIT
            self._client.outcomes.report(project, "revenue", cents, b"invoices of the week")
            self._client.outcomes.confirm(project, "revenue")
        self._forward(7 * DAY_S)
        self._client.epochs.cut(epoch)
        self._forward(2 * DAY_S + VOTE_S)
        self._client.epochs.close(epoch)
        self._tell(epoch)
        return epoch

    def _tell(self, epoch: int) -> None:
        rows = []
        for one in self._client.epochs.show(epoch):
            if one.grant_ucr > one.base_ucr:
                self._tally.grown.add(one.project)
            if one.reviewed:
                self._tally.reviewed.add(one.project)
            velocity = compute_velocity_uusd(one.value_uusd, one.credits_ucr) or 0
            rows.append(
                [
                    one.project,
                    format_usd(one.value_uusd),
                    format_credits(one.credits_ucr, places=2),
                    format_usd(velocity),
                    format_credits(one.base_ucr, places=2),
                    format_credits(one.grant_ucr, places=2),
                    "yes" if one.reviewed else "no",
                ]
            )
        self._tally.epochs += 1
        columns = ("project", "value", "credits", "value/credit", "base", "grant", "review")
        say(f"\nEpoch {epoch}\n{format_table(Table(columns, rows, right=frozenset(columns[1:6])))}")

    def _appeal(self, epoch: int) -> None:
        """The cut project appeals; other members see its reasons and uphold."""
        subject = AppealSubject(AppealKind.CUT, REVIEWED, epoch)
        appeal = self._client.appeals.file(subject, "the campaign only launches next month")
        self._client.appeals.vote(appeal.id, uphold=True)
        self._forward(3 * DAY_S + VOTE_S)
        resolved = self._client.appeals.resolve(appeal.id)
        self._tally.appeals_upheld += resolved.state == "upheld"
        say(f"Appeal of {REVIEWED}: {resolved.state}, {resolved.for_votes} seats for it")

    def _swap(self) -> None:
        """One project sells credits of the provider to another one."""
        providers, amount_ucr = self._client.providers, parse_credits("20")
        providers.deposit(PROVIDER, parse_credits("1k"), "deposit 1")
        providers.convert(GROWING, PROVIDER, 2 * amount_ucr)
        terms = Terms(f"provider:{PROVIDER}", amount_ucr, "general", parse_credits("44"))
        offer = self._client.swaps.offer(GROWING, terms, lasts_s=DAY_S)
        taken = self._client.swaps.take(offer.id, "acme/support/chat")
        self._tally.swaps_cleared += taken.left_ucr == 0
        say(
            f"Swap: acme/support/chat took {format_credits(amount_ucr)} {PROVIDER} credits"
            f" for {format_credits(taken.paid_ucr)} credits"
        )

    def _reprice(self) -> None:
        """gpt-4o's weights are voted down, and the next batch is valued at the new rates."""
        before_ucr = self._work(REVIEWED)
        rates = "".join(f"    {name}: {value}\n" for name, value in CHEAPER.items())
        self._decide("Follow gpt-4o's list price down", f"tariff:\n  gpt-4o:\n{rates}")
        after_ucr = self._work(REVIEWED)
        self._tally.repriced = 0 < after_ucr < before_ucr
        say(
            f"The same {CALLS} calls cost {format_credits(before_ucr, places=2)} credits before the"
            f" vote, {format_credits(after_ucr, places=2)} after it"
        )

    def _work(self, project: str) -> int:
        """The project has made its calls; gives what they cost in ucr."""
        use: Use = {
            "project": project,
            "resource": SPENT[project],
            "in_fresh": CALL_IN,
            "out_visible": CALL_OUT,
        }
        self._client.submit([use] * CALLS, meter=METER)
        outcomes = self._client.wait_settled(meter=METER)
        cost_ucr, self._cost_ucr = outcomes.cost_ucr - self._cost_ucr, outcomes.cost_ucr
        return cost_ucr

    def _decide(self, title: str, text: str) -> None:
        """Members vote on a diff, and it is in force."""
        governance = self._client.governance
        say(f"\nProposal: {title}\n{format_table(list_changes(governance.preview(text)))}")
        name = str(governance.propose(text, title).proposal.number)
        self._forward(VOTE_S // 60)
        governance.vote(name)
        self._forward(VOTE_S)
        governance.queue(name)
        self._forward(VOTE_S)
        state = governance.execute(name).state
        self._tally.votes_executed += state == "executed"
        say(f"{state} by {len(governance.seats())} seats")

    def _forward(self, seconds: int) -> None:
        clock.forward(self._folder, seconds)


def say(text: str) -> None:
    """A line for whoever watches."""
    print(text, flush=True)
