"""Charts as coordinates: what the templates draw as inline SVG. Pure, integers only.

Text stays outside the drawings, in HTML, so that it keeps its size when a chart shrinks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tallystick_node.explorer.formats import format_fixed_credits, format_time
from tallystick_node.explorer.index import CostPoint

WIDTH: Final = 1_000
HEIGHT: Final = 240
MAX_SERIES: Final = 5
MAX_COLUMNS: Final = 60
OTHER: Final = "other"

_MINUTE_MS: Final = 60_000
_BUCKETS_MS: Final = tuple(
    minutes * _MINUTE_MS for minutes in (1, 5, 15, 60, 180, 360, 720, 1440, 4320, 10080, 40320)
)


@dataclass(frozen=True, slots=True)
class Block:
    """One coloured rectangle; `series` picks the colour."""

    series: int
    x: int
    y: int
    width: int
    height: int
    title: str


@dataclass(frozen=True, slots=True)
class StackedColumns:
    """Cost over time, one column per bucket, stacked by name."""

    blocks: tuple[Block, ...]
    names: tuple[str, ...]
    top_ucr: int
    starts_ms: tuple[int, int]
    bucket_ms: int
    outside_ucr: int
    """What lies before or after the columns."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One horizontal bar, its length in thousandths of the longest."""

    label: str
    value: int
    permille: int
    href: str


@dataclass(frozen=True, slots=True)
class BudgetBar:
    """How far a limit is used: thousandths of the track; `state` is ok, soft or over."""

    used_permille: int
    soft_permille: int | None
    state: str


def choose_bucket_ms(first_ms: int, last_ms: int) -> int:
    """The narrowest bucket that keeps the columns few enough to tell apart."""
    for bucket_ms in _BUCKETS_MS:
        if last_ms // bucket_ms - first_ms // bucket_ms < MAX_COLUMNS:
            return bucket_ms
    return -(-(last_ms - first_ms) // MAX_COLUMNS // _BUCKETS_MS[-1]) * _BUCKETS_MS[-1]


def draw_stacked_columns(
    points: Sequence[CostPoint], first_ms: int, last_ms: int, bucket_ms: int
) -> StackedColumns | None:
    """Cost over time; None where nothing cost anything.

    Args:
        points: as the index adds them up, in buckets of `bucket_ms`.
        first_ms: where the first column is to be.
        last_ms: where the last column is to be.
        bucket_ms: the columns' width in time.
    """
    first, last = first_ms // bucket_ms, last_ms // bucket_ms
    shown = [point for point in points if first <= point.start_ms // bucket_ms <= last]
    names = _choose_names(shown)
    columns = _stack(shown, names, bucket_ms)
    highest_ucr = max((sum(stack.values()) for stack in columns.values()), default=0)
    if not highest_ucr:
        return None
    top_ucr = compute_round_top(highest_ucr)
    count = last - first + 1
    blocks: list[Block] = []
    for bucket, stack in sorted(columns.items()):
        left = (bucket - first) * WIDTH // count
        right = (bucket - first + 1) * WIDTH // count
        gap = min(4, (right - left) // 5)
        height_ucr = 0
        for series, name in enumerate(names):
            cost_ucr = stack.get(name, 0)
            bottom = height_ucr * HEIGHT // top_ucr
            height_ucr += cost_ucr
            height = height_ucr * HEIGHT // top_ucr - bottom
            if height:
                title = f"{format_time(bucket * bucket_ms)}: {name}, "
                title += f"{format_fixed_credits(cost_ucr)} credits"
                y = HEIGHT - bottom - height
                blocks.append(Block(series, left, y, right - left - gap, height, title))
    span = (first * bucket_ms, (first + count) * bucket_ms)
    outside_ucr = sum(point.cost_ucr for point in points)
    outside_ucr -= sum(point.cost_ucr for point in shown)
    return StackedColumns(tuple(blocks), names, top_ucr, span, bucket_ms, outside_ucr)


def draw_bars(values: Sequence[tuple[str, int, str]]) -> tuple[Bar, ...]:
    """Bars of (label, value, link), in the order given."""
    longest = max((value for _, value, _ in values), default=0)
    return tuple(
        Bar(label, value, value * 1000 // longest if longest else 0, href)
        for label, value, href in values
    )


def draw_budget(spent_ucr: int, limit_ucr: int, soft_ppm: int) -> BudgetBar:
    """How far a limit is used."""
    used = min(spent_ucr * 1000 // limit_ucr, 1000) if limit_ucr else 1000
    soft = soft_ppm // 1000 if soft_ppm else None
    if spent_ucr >= limit_ucr:
        return BudgetBar(1000, soft, "over")
    return BudgetBar(used, soft, "soft" if soft is not None and used >= soft else "ok")


def compute_round_top(highest: int) -> int:
    """The next number above that people like: 1, 2, 2.5 or 5 times a power of ten."""
    power: int = 10 ** (len(str(highest)) - 1)
    for tenths in (10, 15, 20, 25, 30, 40, 50, 60, 80, 100):
        if highest * 10 <= tenths * power:
            return max(tenths * power // 10, 1)
    return power * 10


def _choose_names(points: Sequence[CostPoint]) -> tuple[str, ...]:
    """The dearest names by cost, and `other` where there are more."""
    totals: dict[str, int] = defaultdict(int)
    for point in points:
        totals[point.name] += point.cost_ucr
    ranked = sorted((name for name in totals if totals[name]), key=lambda n: (-totals[n], n))
    if len(ranked) <= MAX_SERIES:
        return tuple(ranked)
    return (*ranked[: MAX_SERIES - 1], OTHER)


def _stack(
    points: Sequence[CostPoint], names: Sequence[str], bucket_ms: int
) -> Mapping[int, Mapping[str, int]]:
    """Cost by bucket number and shown name."""
    columns: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for point in points:
        shown = point.name if point.name in names else OTHER
        columns[point.start_ms // bucket_ms][shown] += point.cost_ucr
    return columns
