"""Estimates are made of sizes, never exceed what was possible, and say what they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.core.usage import Flag
from tallystick.meter.parse.estimate import estimate_reading

sizes = st.integers(0, 10**8)


@pytest.mark.parametrize(("size", "tokens"), [(0, 0), (1, 1), (4, 1), (5, 2), (4_000_000, 10**6)])
def test_estimate_is_a_token_for_four_bytes_rounded_up(size: int, tokens: int) -> None:
    reading = estimate_reading(size, size, None)
    assert (reading.in_fresh, reading.out_visible) == (tokens, tokens)


@given(sizes, sizes, st.integers(0, 10**6))
def test_estimate_stays_within_the_limit(read: int, produced: int, limit: int) -> None:
    """13: an estimate of nine times the model's maximum was once billed."""
    reading = estimate_reading(read, produced, limit, max_input_tokens=limit)
    assert reading.in_total <= limit
    assert reading.out_total <= limit


@given(sizes, sizes)
def test_estimate_is_flagged(read: int, produced: int) -> None:
    flags = estimate_reading(read, produced, None).flags
    assert Flag.ESTIMATED in flags
    assert (Flag.REASONING_NOT_REPORTED in flags) == (produced > 0)


def test_estimate_is_zero_when_sizes_are_negative() -> None:
    assert estimate_reading(-5, -5, None).in_total == 0
