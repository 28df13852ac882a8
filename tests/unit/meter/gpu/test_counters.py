"""Counters that are restarted never run backwards and never count twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.meter.gpu.counters import Counted, compute_growth


def test_growth_is_the_difference() -> None:
    assert compute_growth(Counted(100), Counted(130), is_watched=True) == 30


def test_growth_is_all_that_is_shown_when_the_counter_was_restarted() -> None:
    assert compute_growth(Counted(100), Counted(30), is_watched=True) == 30


def test_growth_is_all_that_is_shown_when_a_later_birth_gives_a_restart_away() -> None:
    assert compute_growth(Counted(100, born=5), Counted(130, born=6), is_watched=True) == 130


@pytest.mark.parametrize(("is_watched", "grown"), [(False, 0), (True, 40)])
def test_growth_of_a_new_counter_depends_on_who_watched(is_watched: bool, grown: int) -> None:
    assert compute_growth(None, Counted(40), is_watched=is_watched) == grown


Runs = st.lists(st.lists(st.integers(0, 1000), min_size=1, max_size=6), min_size=1, max_size=5)
"""Lives of a process, each with what it counts between two readings."""


@given(Runs)
def test_growth_adds_up_to_everything_counted_between_readings(runs: list[list[int]]) -> None:
    """Births tell every restart, so nothing that a reading showed is lost."""
    before, total, expected = Counted(0, born=1), 0, 0
    for born, run in enumerate(runs, start=2):
        value = 0
        for step in run:
            value += step
            now = Counted(value, born=born)
            total += compute_growth(before, now, is_watched=True)
            before = now
        expected += value
    assert total == expected


@given(Runs)
def test_growth_is_never_negative_and_never_above_what_was_counted(runs: list[list[int]]) -> None:
    before, total, expected = Counted(0), 0, 0
    for run in runs:
        value = 0
        for step in run:
            value += step
            grown = compute_growth(before, Counted(value), is_watched=True)
            assert grown >= 0
            total += grown
            before = Counted(value)
        expected += value
    assert total <= expected
