"""Counts are exact or refused, and sides are split so that each LLM token counts once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.core.usage import Flag
from tallystick.meter.parse.counts import MAX_COUNT, Side, create_reading, read_count, require_count
from tallystick.meter.parse.errors import UsageMalformed

counts = st.integers(0, 10_000)


@pytest.mark.parametrize(
    "value", [-1, 1.5, 3.0, True, False, "7", [], {}, MAX_COUNT + 1, 10**30, float("inf")]
)
def test_count_is_refused_when_it_is_none(value: object) -> None:
    with pytest.raises(UsageMalformed) as caught:
        read_count({"prompt_tokens": value}, "prompt_tokens")
    assert caught.value.field == "prompt_tokens"
    assert caught.value.code == "usage_malformed"


@pytest.mark.parametrize("value", [7, "x", [1]])
def test_count_is_refused_when_its_object_is_none(value: object) -> None:
    with pytest.raises(UsageMalformed):
        read_count({"prompt_tokens_details": value}, "prompt_tokens_details.cached_tokens")


def test_zero_null_and_absent_are_told_apart() -> None:
    """12: an explicit 0 is a count; null and absent are none, and an estimate may stand in."""
    assert read_count({"n": 0}, "n") == 0
    assert read_count({"n": None}, "n") is None
    assert read_count({}, "n") is None
    assert read_count({"d": None}, "d.n") is None
    assert require_count({"n": 0}, "n") == 0
    with pytest.raises(UsageMalformed):
        require_count({"n": None}, "n")


def test_largest_count_is_exact() -> None:
    assert read_count({"n": MAX_COUNT}, "n") == MAX_COUNT


@given(fresh=counts, cached=counts, written=counts, shown=counts, hidden=counts)
def test_every_way_of_counting_gives_the_same_reading(
    fresh: int, cached: int, written: int, shown: int, hidden: int
) -> None:
    """18, 20: whether parts lie inside or beside the totals shows in the sum of the call."""
    total = fresh + cached + written + shown + hidden
    inside = fresh + cached + written, shown + hidden
    beside = fresh, shown
    for read in (inside[0], beside[0]):
        for produced in (inside[1], beside[1]):
            reading = create_reading(
                Side(read, (cached, written)),
                Side(produced, (hidden,)),
                total,
                is_reasoning_reported=True,
            )
            assert reading.in_total + reading.out_total == total
            assert reading.flags == Flag(0)


@given(read=counts, cached=counts, written=counts, produced=counts, hidden=counts, total=counts)
def test_counts_add_up_to_the_sum_or_are_flagged(
    read: int, cached: int, written: int, produced: int, hidden: int, total: int
) -> None:
    reading = create_reading(
        Side(read, (cached, written)), Side(produced, (hidden,)), total, is_reasoning_reported=True
    )
    if Flag.USAGE_MISMATCH in reading.flags:
        assert (reading.in_total, reading.out_total) == (read, produced)
    else:
        assert reading.in_total + reading.out_total == total


@given(read=counts, cached=counts, written=counts)
def test_total_of_a_side_wins_over_its_parts(read: int, cached: int, written: int) -> None:
    reading = create_reading(
        Side(read, (cached, written)), Side(0, (0,)), None, is_reasoning_reported=True
    )
    assert reading.in_total == read
    assert (Flag.USAGE_MISMATCH in reading.flags) == (cached + written > read)


@given(read=counts, cached=counts, written=counts)
def test_parts_beside_a_total_count_in_full(read: int, cached: int, written: int) -> None:
    side = Side(read, (cached, written), is_inclusive=False)
    reading = create_reading(side, Side(0, (0,)), None, is_reasoning_reported=True)
    assert (reading.in_fresh, reading.in_cached, reading.in_written) == (read, cached, written)


def test_missing_reasoning_is_flagged_where_something_was_produced() -> None:
    for produced, flags in ((0, Flag(0)), (1, Flag.REASONING_NOT_REPORTED)):
        reading = create_reading(
            Side(1, (0, 0)), Side(produced, (0,)), None, is_reasoning_reported=False
        )
        assert reading.flags == flags
