from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick_node.explorer.charts import (
    HEIGHT,
    MAX_COLUMNS,
    MAX_SERIES,
    WIDTH,
    choose_bucket_ms,
    compute_round_top,
    draw_bars,
    draw_budget,
    draw_stacked_columns,
)

HOUR_MS = 3_600_000
TIMES = st.integers(0, 2**41)


@dataclass(frozen=True)
class Point:
    name: str
    start_ms: int
    cost_ucr: int


POINTS = st.lists(
    st.builds(
        Point,
        st.sampled_from([f"team-{n}" for n in range(8)]),
        st.integers(0, 40).map(lambda hour: hour * HOUR_MS),
        st.integers(0, 10**15),
    ),
    max_size=60,
    unique_by=lambda point: (point.name, point.start_ms),
)


@given(TIMES, TIMES)
def test_bucket_keeps_columns_few(one: int, other: int) -> None:
    first, last = sorted((one, other))
    bucket_ms = choose_bucket_ms(first, last)
    assert last // bucket_ms - first // bucket_ms <= MAX_COLUMNS


@given(POINTS)
def test_columns_stay_inside_and_account_for_every_credit(points: list[Point]) -> None:
    chart = draw_stacked_columns(points, 10 * HOUR_MS, 30 * HOUR_MS, HOUR_MS)
    inside = [p for p in points if 10 <= p.start_ms // HOUR_MS <= 30]
    if not sum(point.cost_ucr for point in inside):
        assert chart is None
        return
    assert chart is not None
    assert chart.outside_ucr == sum(p.cost_ucr for p in points) - sum(p.cost_ucr for p in inside)
    assert len(chart.names) <= MAX_SERIES
    for block in chart.blocks:
        assert 0 <= block.x < block.x + block.width <= WIDTH
        assert 0 <= block.y < block.y + block.height <= HEIGHT
        assert block.series < len(chart.names)


@given(st.integers(1, 10**24))
def test_round_top_is_little_above(highest: int) -> None:
    top = compute_round_top(highest)
    assert highest <= top <= 2 * highest


def test_bars_are_measured_by_the_longest() -> None:
    bars = draw_bars([("a", 50, ""), ("b", 200, ""), ("c", 0, "")])
    assert [bar.permille for bar in bars] == [250, 1000, 0]
    assert draw_bars([("a", 0, "")])[0].permille == 0


@pytest.mark.parametrize(
    ("spent", "limit", "soft_ppm", "used", "state"),
    [
        (0, 100, 800_000, 0, "ok"),
        (79, 100, 800_000, 790, "ok"),
        (80, 100, 800_000, 800, "soft"),
        (99, 100, 0, 990, "ok"),
        (100, 100, 800_000, 1000, "over"),
        (500, 100, 800_000, 1000, "over"),
        (0, 0, 0, 1000, "over"),
    ],
)
def test_budget_bar_tells_how_far_it_is(
    spent: int, limit: int, soft_ppm: int, used: int, state: str
) -> None:
    bar = draw_budget(spent, limit, soft_ppm)
    assert (bar.used_permille, bar.state) == (used, state)
