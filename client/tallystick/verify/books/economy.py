"""All books of the economy, and which event goes to which."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

from tallystick.chain.bindings.credits import EXPLORATION
from tallystick.chain.decode import Event
from tallystick.verify.books.corrections import CorrectionBook
from tallystick.verify.books.finding import Finding
from tallystick.verify.books.flows import (
    EXPLORATION_POOL,
    PENDING_REDEMPTIONS,
    PROVIDER_INVENTORY,
    SWAP_ESCROW,
)
from tallystick.verify.books.index import IndexBook
from tallystick.verify.books.leases import LeaseBook
from tallystick.verify.books.markets import DeskBook, PlanBook, SwapBook
from tallystick.verify.books.outcomes import ExperimentBook, OutcomeBook
from tallystick.verify.books.pools import check_pool
from tallystick.verify.books.replenishment import EpochBook
from tallystick.verify.credit_book import CreditBook

KEPT: Final = frozenset(
    {
        "Leases",
        "Outcomes",
        "Experiments",
        "Epochs",
        "Plans",
        "SwapMarket",
        "ProviderDesk",
        "PriceIndex",
        "Tariff",
    }
)
POOLED: Final = frozenset({"Epochs", "SwapMarket", "ProviderDesk", "Experiments"})
"""Contracts whose events fill pools or empty them."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a book may need besides the event."""

    time_s: int
    compute_lifetime_ucr: Callable[[int], int]
    """What an account and all below it have spent so far."""
    list_attesters: Callable[[int], Sequence[str]]
    """Whose reports of an epoch count."""
    find_organisation: Callable[[int], int]
    """Of an account."""
    index_epoch_s: int


@dataclass(slots=True)
class Economy:
    """The books; what they need of each other goes through here."""

    leases: LeaseBook = field(default_factory=LeaseBook)
    outcomes: OutcomeBook = field(default_factory=OutcomeBook)
    experiments: ExperimentBook = field(default_factory=ExperimentBook)
    epochs: EpochBook = field(default_factory=EpochBook)
    plans: PlanBook = field(default_factory=PlanBook)
    swaps: SwapBook = field(default_factory=SwapBook)
    desk: DeskBook = field(default_factory=DeskBook)
    index: IndexBook = field(default_factory=IndexBook)
    corrections: CorrectionBook = field(default_factory=CorrectionBook)

    def apply(self, event: Event, surroundings: Surroundings) -> Iterator[Finding]:
        """The books know of one event of `KEPT` contracts; others leave them as they are."""
        match event.contract:
            case "Leases":
                yield from self.leases.apply(event)
            case "Outcomes":
                yield from self.outcomes.apply(event)
            case "Experiments":
                yield from self.experiments.apply(event)
            case "Epochs":
                yield from self._apply_epoch(event, surroundings)
            case "Plans":
                yield from self.plans.apply(event)
            case "SwapMarket":
                yield from self.swaps.apply(
                    event, surroundings.time_s, surroundings.find_organisation
                )
            case "ProviderDesk":
                yield from self.desk.apply(
                    event, surroundings.time_s, surroundings.find_organisation
                )
            case "PriceIndex" | "Tariff":
                yield from self._apply_index(event, surroundings)

    def check_block(self, events: Sequence[Event], credits_kept: CreditBook) -> Iterator[Finding]:
        """What must hold at the end of a block that brought these events."""
        contracts = {event.contract for event in events}
        if "Epochs" in contracts:
            yield from self.epochs.check_shared()
        yield from self.index.check_announced()
        if contracts & POOLED:
            yield from self._check_pools(credits_kept)

    def _apply_index(self, event: Event, surroundings: Surroundings) -> Iterator[Finding]:
        if event.contract == "PriceIndex" and "indexClass" in event.args:
            attesters = surroundings.list_attesters(event.args["epoch"])
            yield from self.index.apply(event, attesters, surroundings.index_epoch_s)
        elif event.name == "IndexSet":
            yield from self.index.apply(event, (), surroundings.index_epoch_s)

    def _apply_epoch(self, event: Event, surroundings: Surroundings) -> Iterator[Finding]:
        project, epoch = event.args.get("project", 0), event.args.get("epoch", 0)
        needs_lifetime = event.name in {"Enrolled", "EpochCut"}
        lifetime_ucr = surroundings.compute_lifetime_ucr(project) if needs_lifetime else 0
        yield from self.epochs.apply(
            event,
            self.outcomes,
            lifetime_ucr=lifetime_ucr,
            is_protected=self.experiments.is_protected(project, epoch),
        )

    def _check_pools(self, credits_kept: CreditBook) -> Iterator[Finding]:
        exploration_ucr = self.epochs.minting.exploration_ucr - self.experiments.pooled_ucr
        owed: tuple[tuple[str, str, Mapping[int, int]], ...] = (
            (EXPLORATION_POOL, "exploration pool", {EXPLORATION: exploration_ucr}),
            (SWAP_ESCROW, "swap escrow", self.swaps.compute_escrow()),
            (PROVIDER_INVENTORY, "provider inventory", self.desk.compute_inventory()),
            (PENDING_REDEMPTIONS, "pending redemptions", self.desk.compute_pending()),
        )
        yield from chain.from_iterable(
            check_pool(credits_kept, pool, name, owed_ucr) for pool, name, owed_ucr in owed
        )
