"""What the explorer asks the index: the Protocol that `tallystick.projection.Queries` fulfils.

Rows are dicts of int, str, bool and None. A filter is whatever `find_filter` made; pages hand it on
unseen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

Row = dict[str, Any]
Place = tuple[int, int]
Filter = Any


class CostLine(Protocol):
    """One term of a record's cost."""

    @property
    def term(self) -> str:
        """What is counted."""

    @property
    def rate_name(self) -> str:
        """The rate's name in the tariff."""

    @property
    def unit(self) -> str:
        """What the quantity counts."""

    @property
    def quantity(self) -> int:
        """How much of it."""

    @property
    def rate_ncr(self) -> int:
        """At this rate per unit."""

    @property
    def amount_ncr(self) -> int:
        """Quantity times rate."""


class CostExplanation(Protocol):
    """How a cost came about."""

    @property
    def lines(self) -> Sequence[CostLine]:
        """The terms that add something."""

    @property
    def total_ncr(self) -> int:
        """Their sum."""

    @property
    def cost_ucr(self) -> int:
        """What it rounds up to."""


class CostPoint(Protocol):
    """What one name cost in one bucket of time."""

    @property
    def name(self) -> str:
        """A project's or team's path, or a resource's slug."""

    @property
    def start_ms(self) -> int:
        """Where the bucket begins."""

    @property
    def cost_ucr(self) -> int:
        """In this bucket."""


class Directory(Protocol):
    """Accounts, meters, resources, validators, tariff."""

    def accounts(self) -> list[Row]:
        """All accounts by path, with budgets."""

    def meters(self) -> list[Row]:
        """All meters."""

    def resources(self) -> list[Row]:
        """All resources."""

    def validators(self) -> list[Row]:
        """The members of every validator set, newest first."""

    def tariff(self, at_ms: int) -> Row:
        """Resolved rates in force at a time."""

    def tariff_history(self) -> list[Row]:
        """Every change of rates."""

    def index_history(self) -> list[Row]:
        """Every price index."""


class Chain(Protocol):
    """Blocks, transactions, batches, search."""

    def state(self) -> Row:
        """Where the index stands and whose chain it is."""

    def blocks(self, *, limit: int, before: int = ...) -> list[Row]:
        """Blocks, newest first."""

    def block(self, number: int) -> Row | None:
        """One block."""

    def block_transactions(self, number: int) -> list[Row]:
        """Its transactions."""

    def transactions(self, *, limit: int, before: Place = ...) -> list[Row]:
        """Transactions, newest first."""

    def transaction(self, tx_hash: str) -> Row | None:
        """One transaction with its events."""

    def batches(self, *, limit: int, before: int = ...) -> list[Row]:
        """Batches, newest first."""

    def batch(self, number: int) -> Row | None:
        """One batch."""

    def segments(self, batch: int) -> list[Row]:
        """Its segments."""

    def attestations(self, batch: int) -> list[Row]:
        """Who attested it."""

    def skips(self, *, limit: int) -> list[Row]:
        """Batches skipped whole."""

    def search(self, text: str) -> list[Row]:
        """What a text may mean."""


class Index(Protocol):
    """Everything a page can show."""

    @property
    def directory(self) -> Directory:
        """Who and what there is."""

    @property
    def chain(self) -> Chain:
        """What the chain carries."""

    def find_filter(
        self,
        *,
        under: str | None = None,
        resource: str | None = None,
        meter: str | None = None,
        **plain: int | None,
    ) -> Filter:
        """A filter from names; raises InvalidInput for unknown ones."""

    def dearest_usage(self, by: Sequence[str], where: Filter, *, limit: int) -> list[Row]:
        """Usage by keys, dearest first."""

    def cost_series(self, key: str, bucket_ms: int, where: Filter) -> Sequence[CostPoint]:
        """Cost over time."""

    def main_span_ms(self, where: Filter) -> tuple[int, int] | None:
        """The time in which nearly all of the cost lies; None where nothing cost anything."""

    def records(
        self, where: Filter = None, *, limit: int = 50, before: Place | None = None
    ) -> list[Row]:
        """Records, newest first."""

    def batch_records(self, batch: int, *, limit: int, first: int = 0) -> list[Row]:
        """A batch's records in order."""

    def record(self, meter: int, seq: int) -> Row | None:
        """One record."""

    def explain_record(self, record: Row) -> CostExplanation | None:
        """How its cost came about."""

    def rows(
        self,
        name: str,
        *,
        account: str | None = None,
        where: Mapping[str, str] | None = None,
        limit: int = 50,
        before: Place | None = None,
    ) -> list[Row]:
        """Rows of a list such as leases, epochs or proposals, newest first."""

    def alerts(
        self,
        *,
        since_ms: int | None = None,
        account: str | None = None,
        kind: str | None = None,
        limit: int = 1000,
        before: Place | None = None,
    ) -> list[Row]:
        """Alerts, newest first."""
