"""Questions about settled use, answered by a validator's index or by one built on the spot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

Row = dict[str, Any]

USAGE_KEYS: Final = (
    "account",
    "project",
    "team",
    "resource",
    "user",
    "meter",
    "step",
    "hour",
    "day",
    "week",
    "month",
    "tariff_version",
)


@dataclass(frozen=True)
class UsageQuery:
    """Which use to add up, and by what. Times are [since, until) of record time, Unix ms."""

    by: Sequence[str] = ()
    under: str | None = None
    resource: str | None = None
    user: int | None = None
    since_ms: int | None = None
    until_ms: int | None = None


@dataclass(frozen=True)
class RecordQuery:
    """Which records to list, newest first."""

    meter: str | None = None
    project: str | None = None
    since_ms: int | None = None
    limit: int = 50


@dataclass(frozen=True)
class ListQuery:
    """Which rows of a list, newest first: leases, epochs, offers, proposals and so on.

    `account` is a path whose subtree is meant; `where` narrows by columns of the list, and None
    leaves a column free. Every row has block, ordinal, time_s and tx_hash.
    """

    name: str
    account: str | None = None
    where: Mapping[str, str | int | None] = field(default_factory=dict)
    limit: int | None = 50
    """None = all."""

    def conditions(self) -> dict[str, str]:
        """`where` as text, without what is left free."""
        return {name: _as_text(value) for name, value in self.where.items() if value is not None}


def _as_text(value: str | int) -> str:
    """As the index compares it: booleans are true and false."""
    return str(value).lower() if isinstance(value, bool) else str(value)


class Reads(Protocol):
    """Whoever can answer."""

    def usage(self, query: UsageQuery) -> list[Row]:
        """Records, quantities and cost by the query's keys."""

    def records(self, query: RecordQuery) -> list[Row]:
        """Records with everything that is known of them."""

    def alerts(self, since_ms: int | None) -> list[Row]:
        """Alerts, newest first."""

    def rows(self, query: ListQuery) -> list[Row]:
        """Rows of a list, newest first."""

    def close(self) -> None:
        """Nothing is held any more."""

    def totals(self) -> Mapping[str, Any]:
        """Counts over everything that has settled."""
