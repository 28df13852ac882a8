import pytest
from tests.unit.core.builders import MINUTE_MS, NOW_MS

from tallystick_node.errors import MeterPaused, RateLimited
from tallystick_node.intake.meter_rates import MeterRates, RateLimits
from tallystick_node.rates import TokenBuckets

LIMITS = RateLimits(
    records_per_s=100,
    burst_records=1_000,
    frames_per_s=1,
    burst_frames=4,
    pause_ppm=100_000,
    sample=1_000,
)


def test_take_is_refused_when_records_exceed_the_burst() -> None:
    rates = MeterRates(LIMITS)
    rates.take(1, 900, NOW_MS)
    with pytest.raises(RateLimited) as caught:
        rates.take(1, 300, NOW_MS)
    assert caught.value.retry_after_s == 3
    rates.take(1, 300, NOW_MS + 3_000)


def test_take_is_refused_when_frames_exceed_the_burst() -> None:
    rates = MeterRates(LIMITS)
    for _ in range(4):
        rates.take(1, 1, NOW_MS)
    with pytest.raises(RateLimited):
        rates.take(1, 1, NOW_MS)
    rates.take(2, 1, NOW_MS)


def test_take_allows_one_frame_larger_than_the_burst() -> None:
    rates = MeterRates(LIMITS)
    rates.take(1, 5_000, NOW_MS)
    with pytest.raises(RateLimited):
        rates.take(1, 1, NOW_MS + 1_000)


def test_take_is_refused_when_a_tenth_of_the_hour_was_quarantined() -> None:
    rates = MeterRates(LIMITS)
    rates.note_settled(1, 1_000, 100, NOW_MS)
    rates.take(1, 1, NOW_MS)
    rates.note_settled(1, 10, 10, NOW_MS)
    with pytest.raises(MeterPaused):
        rates.take(1, 1, NOW_MS)
    rates.take(1, 1, NOW_MS + 61 * MINUTE_MS)


def test_take_allows_quarantine_when_the_sample_is_small() -> None:
    rates = MeterRates(LIMITS)
    rates.note_settled(1, 999, 999, NOW_MS)
    rates.take(1, 1, NOW_MS)


def test_buckets_do_not_fill_when_the_clock_goes_back() -> None:
    buckets = TokenBuckets(per_s=10, burst=10)
    buckets.take(1, 10, NOW_MS)
    assert buckets.compute_wait_ms(1, 1, NOW_MS - 60_000) > 0


def test_buckets_fill_again_from_where_the_clock_was_set_back_to() -> None:
    hours_ahead_ms = NOW_MS + 5 * 60 * MINUTE_MS
    buckets = TokenBuckets(per_s=10, burst=10)
    buckets.take(1, 10, hours_ahead_ms)
    assert buckets.compute_wait_ms(1, 1, NOW_MS) > 0
    assert buckets.compute_wait_ms(1, 1, NOW_MS + 1_000) == 0
