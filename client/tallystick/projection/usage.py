"""Usage: records added up by whatever one asks for.

What was released or credited later are sums of their own, beside what settled.

Records are first grouped by small integers (the scan over millions), then the few groups get their
names, their ancestors and their calendar. Quantities and cost count settled records only: the scan
groups by the reason code too, which costs DuckDB half of what a condition in every sum does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tallystick.core.usage import QUANTITY_FIELDS
from tallystick.projection.errors import UnknownKey
from tallystick.projection.event_views import with_views
from tallystick.projection.governance_views import CORRECTION_VIEWS
from tallystick.projection.reader import Reader, Row

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MONDAY_SHIFT: Final = 3
"""1970-01-01 was a Thursday: (day + 3) // 7 counts ISO weeks."""


@dataclass(frozen=True, slots=True)
class Key:
    """One way to group. `fine` is an expression over records, `coarse` one over the fine groups.

    `render` turns the coarse value into what people read, where the two differ.
    """

    fine: str
    coarse: str
    render: Callable[[int], str] | None = None


def render_user(user: int) -> str:
    """A pseudonym as people write it: 0x and 16 hex digits."""
    return f"0x{user:016x}"


def _render_hour(hour: int) -> str:
    return f"{_EPOCH + timedelta(hours=hour):%Y-%m-%dT%H:00:00Z}"


def _render_day(day: int) -> str:
    return f"{_EPOCH + timedelta(days=day):%Y-%m-%d}"


def _render_week(week: int) -> str:
    return f"{_EPOCH + timedelta(days=7 * week - _MONDAY_SHIFT):%G-W%V}"


def _render_month(month: int) -> str:
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


_DAY: Final = f"(time_ms // {DAY_MS}) AS day"
_DATE: Final = "(DATE '1970-01-01' + day::INTEGER)"

KEYS: Final[dict[str, Key]] = {
    "account": Key("project", "coalesce(node.path, '#' || project)"),
    "project": Key("project", "coalesce(leaf.path, '#' || project)"),
    "team": Key("project", "coalesce(team.path, '#' || project)"),
    "resource": Key("resource", "coalesce(resources.slug, '#' || resource)"),
    "user": Key('"user"', '"user"', render_user),
    "meter": Key("meter", "coalesce(meters.name, '#' || meter)"),
    "step": Key("step", "step"),
    "hour": Key(f"(time_ms // {HOUR_MS}) AS hour", "hour", _render_hour),
    "day": Key(_DAY, "day", _render_day),
    "week": Key(_DAY, f"(day + {_MONDAY_SHIFT}) // 7", _render_week),
    "month": Key(_DAY, f"year({_DATE}) * 12 + month({_DATE}) - 1", _render_month),
    "tariff_version": Key("tariff_version", "tariff_version"),
}

_SUMS: Final = ("cost_ucr", *QUANTITY_FIELDS)
_JOINS: Final = {
    "account": (
        "LEFT JOIN ancestors ON ancestors.account = project"
        " LEFT JOIN accounts node ON node.account = ancestors.ancestor"
    ),
    "project": "LEFT JOIN accounts leaf ON leaf.account = project",
    "team": (
        "LEFT JOIN accounts member ON member.account = project"
        " LEFT JOIN accounts team ON team.account = member.team"
    ),
    "resource": "LEFT JOIN resources USING (resource)",
    "meter": "LEFT JOIN meters USING (meter)",
}
_OWN_COST: Final = (
    "coalesce(sum(cost_ucr) FILTER (coalesce(ancestors.ancestor, project) = project), 0)"
    " AS own_cost_ucr"
)
_CORRECTED: Final = """(
    SELECT records.*, released_ucr, credited_ucr FROM records JOIN (
        SELECT meter, seq, cost_ucr AS released_ucr, 0 AS credited_ucr FROM record_released
        UNION ALL SELECT meter, seq, 0, amount_ucr FROM record_credited
    ) corrections ON corrections.meter = records.meter AND corrections.seq = records.seq
)"""


@dataclass(frozen=True, slots=True)
class RecordFilter:
    """Which records count. None = all; `under` is an account id, times are [since, until) in ms."""

    under: int | None = None
    resource: int | None = None
    user: int | None = None
    meter: int | None = None
    since_ms: int | None = None
    until_ms: int | None = None
    quarantined: bool = False
    """Only quarantined records."""

    def conditions(self) -> str:
        """The filter as SQL over the table `records`."""
        wanted = {
            "under": "project IN (SELECT account FROM ancestors WHERE ancestor = $under)",
            "resource": "resource = $resource",
            "user": '"user" = $user',
            "meter": "meter = $meter",
            "since_ms": "time_ms >= $since_ms",
            "until_ms": "time_ms < $until_ms",
        }
        used = [sql for name, sql in wanted.items() if getattr(self, name) is not None]
        return " AND ".join([*used, "reason <> 0"] if self.quarantined else used) or "true"

    def parameters(self) -> dict[str, int]:
        """The values that `conditions` names."""
        names = ("under", "resource", "user", "meter", "since_ms", "until_ms")
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}


@dataclass(frozen=True, slots=True)
class CostPoint:
    """What one name cost in one bucket of time."""

    name: str
    start_ms: int
    cost_ucr: int


@dataclass(frozen=True, slots=True)
class UsageQuestion:
    """Records, quantities and cost by `by`, in the order of the keys or dearest first."""

    by: Sequence[str] = ()
    where: RecordFilter = field(default_factory=RecordFilter)
    dearest_first: bool = False
    limit: int | None = None

    def statement(self, *, is_corrected: bool = False) -> str:
        """The question as SQL; the filter's parameters and $limit are its only inputs.

        Args:
            is_corrected: whether there are corrections to look for.
        """
        sums = ", ".join(f"sum({name}) AS {name}" for name in _SUMS)
        fine = "".join(f"{part}, " for part in _distinct([KEYS[key].fine for key in self.by]))
        inner = (
            f"SELECT {fine}reason, count(*) AS n, {sums}, 0 AS released_ucr, 0 AS credited_ucr"  # noqa: S608
            f" FROM records WHERE {self.where.conditions()} GROUP BY ALL"
        )
        if is_corrected:
            inner += (
                f" UNION ALL BY NAME SELECT {fine}0 AS reason, 0 AS n,"  # noqa: S608
                " sum(released_ucr) AS released_ucr, sum(credited_ucr) AS credited_ucr"
                f" FROM {_CORRECTED} WHERE {self.where.conditions()} GROUP BY ALL"
            )
        keys = "".join(f'{KEYS[key].coarse} AS "key_{key}", ' for key in self.by)
        joins = " ".join(_JOINS[key] for key in self.by if key in _JOINS)
        order = [f'"key_{key}"' for key in self.by]
        if self.dearest_first:
            order.insert(0, "cost_ucr DESC")
        return (
            f"SELECT {keys}{self._outer_sums()} FROM ({inner}) fine {joins}"  # noqa: S608
            f" WHERE {self._visible_accounts()}"
            f" {'GROUP BY ' + ', '.join(self._group_columns()) if self.by else ''}"
            f" {'ORDER BY ' + ', '.join(order) if order else ''}"
            f" {'LIMIT $limit' if self.limit is not None else ''}"
        )

    def parameters(self) -> dict[str, Any]:
        """The values that `statement` names."""
        limit = {} if self.limit is None else {"limit": self.limit}
        return {**self.where.parameters(), **limit}

    def _outer_sums(self) -> str:
        settled = ", ".join(
            f"coalesce(sum({name}) FILTER (reason = 0), 0) AS {name}" for name in _SUMS
        )
        own = f", {_OWN_COST}" if "account" in self.by else ""
        return (
            "coalesce(sum(n), 0) AS records,"
            f" coalesce(sum(n) FILTER (reason <> 0), 0) AS quarantined, {settled}{own},"
            " coalesce(sum(released_ucr), 0)::HUGEINT AS released_ucr,"
            " coalesce(sum(credited_ucr), 0)::HUGEINT AS credited_ucr"
        )

    def _group_columns(self) -> list[str]:
        return [f'"key_{key}"' for key in self.by]

    def _visible_accounts(self) -> str:
        """With `under`, accounts above it have no row: they would show a part as the whole."""
        if "account" not in self.by or self.where.under is None:
            return "true"
        return "ancestors.ancestor IN (SELECT account FROM ancestors WHERE ancestor = $under)"


def read_usage(reader: Reader, question: UsageQuestion) -> list[Row]:
    """The answer, keys by their names and rendered, every number an int.

    Raises:
        UnknownKey: a key that usage is not grouped by.
    """
    for key in question.by:
        if key not in KEYS:
            raise UnknownKey(
                "usage is not grouped by this", expected=", ".join(KEYS), actual=key[:40]
            )
    statement = question.statement(is_corrected=_has_corrections(reader))
    found = reader.fetch_all(with_views(statement, CORRECTION_VIEWS), question.parameters())
    return [_render(row, question.by) for row in found]


def _has_corrections(reader: Reader) -> bool:
    """Whether any record was ever released or credited: joining them costs another scan."""
    statement = "SELECT 1 FROM events WHERE contract = 'Corrections' LIMIT 1"
    return reader.fetch_one(statement) is not None


def read_cost_series(
    reader: Reader, key: str, bucket_ms: int, where: RecordFilter
) -> list[CostPoint]:
    """Cost over time, by time and then by name.

    Args:
        reader: of the projection.
        key: project, team or resource.
        bucket_ms: the buckets' width.
        where: which records count.
    """
    chosen = KEYS[key]
    statement = (
        f"SELECT {chosen.coarse} AS key_name, bucket * $bucket_ms AS start_ms,"  # noqa: S608
        " sum(cost_ucr) AS cost_ucr"
        f" FROM (SELECT {chosen.fine}, time_ms // $bucket_ms AS bucket, sum(cost_ucr) AS cost_ucr"
        f" FROM records WHERE {where.conditions()} GROUP BY ALL) fine"
        f" {_JOINS[key]} GROUP BY key_name, bucket ORDER BY bucket, key_name"
    )
    found = reader.fetch_all(statement, {**where.parameters(), "bucket_ms": bucket_ms})
    return [CostPoint(row["key_name"], row["start_ms"], row["cost_ucr"]) for row in found]


def read_main_span_ms(reader: Reader, where: RecordFilter) -> tuple[int, int] | None:
    """See `Queries.main_span_ms`: hours are dropped from either end while they hold too little."""
    hours = reader.fetch_all(
        "SELECT min(time_ms) AS first, max(time_ms) AS last, sum(cost_ucr) AS cost_ucr"  # noqa: S608
        f" FROM records WHERE {where.conditions()} GROUP BY time_ms // {HOUR_MS} ORDER BY first",
        where.parameters(),
    )
    negligible_ucr = sum(row["cost_ucr"] for row in hours) // 100
    if not any(row["cost_ucr"] for row in hours):
        return None
    first = _skip_negligible(hours, negligible_ucr)
    last = _skip_negligible(hours[::-1], negligible_ucr)
    return hours[first]["first"], hours[len(hours) - 1 - last]["last"]


def _skip_negligible(hours: Sequence[Row], negligible_ucr: int) -> int:
    """How many hours from the beginning together cost no more than this."""
    cost_ucr = 0
    for place, row in enumerate(hours):
        cost_ucr += row["cost_ucr"]
        if cost_ucr > negligible_ucr:
            return place
    return 0


def _distinct(parts: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(parts))


def _render(row: Row, by: Sequence[str]) -> Row:
    """The row as CLI and API show it: keys first."""
    keys = {key: row.pop(f"key_{key}") for key in by}
    for key in by:
        render = KEYS[key].render
        keys[key] = render(keys[key]) if render else keys[key]
    return {**keys, **row}
