"""The index's arithmetic: the vectors, and what a step may do."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.core.price_index import (
    MAX_INDEX_PPM,
    MIN_INDEX_PPM,
    compute_clamped,
    compute_gap_ppm,
    compute_lower_median,
    compute_needed_reports,
    compute_next_index,
)

CASES = json.loads(
    (Path(__file__).parents[2] / "vectors" / "price_index.json").read_text(encoding="utf-8")
)["cases"]
prices = st.integers(MIN_INDEX_PPM, MAX_INDEX_PPM)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_next_index_follows_the_vectors(case: dict[str, Any]) -> None:
    raw, clamped, gap = case["expected"]
    reports, last = case["reports"], case["last"]
    assert compute_needed_reports(case["validators"]) == case["needed"]
    found = compute_next_index(reports, validators=case["validators"], last_ppm=last)
    assert found == (clamped or None)
    if found is not None:
        assert compute_lower_median(reports) == raw
        assert compute_gap_ppm(raw, clamped) == gap


@given(prices, prices)
def test_clamped_goes_as_far_as_a_step_allows(raw: int, last: int) -> None:
    clamped = compute_clamped(raw, last)
    assert 100 * last <= 115 * clamped
    assert 100 * clamped <= 115 * last
    assert MIN_INDEX_PPM <= clamped <= MAX_INDEX_PPM
    if clamped < raw:
        assert 100 * (clamped + 1) > 115 * last
    if clamped > raw:
        assert 115 * (clamped - 1) < 100 * last


@given(st.lists(prices, min_size=3, max_size=3), prices)
def test_next_index_stays_in_the_honest_range_when_one_of_four_lies(
    honest: list[int], lie: int
) -> None:
    raw = compute_lower_median([*honest, lie])
    assert min(honest) <= raw <= max(honest)


def test_a_tenfold_price_arrives_in_seventeen_days() -> None:
    index, days = 1_000_000, 0
    while index < 10_000_000:
        index, days = compute_clamped(10_000_000, index), days + 1
    assert days == 17
