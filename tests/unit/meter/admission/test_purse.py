"""Levels of money: caps by period and rates, from the time alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.meter.admission.errors import Why
from tallystick.meter.admission.purse import Purse, create_rate

HOUR_MS = 3_600_000
NOON_MS = 1_800_000_000_000 - 1_800_000_000_000 % HOUR_MS


def test_purse_is_full_when_it_is_new() -> None:
    purse = Purse("key app", 100)
    assert (purse.left_ucr, purse.reserved_ucr, purse.used_ucr) == (100, 0, 0)
    assert purse.why is Why.CAP
    assert create_rate("key app", 7, 1_000, NOON_MS).why is Why.RATE_CAP


def test_purse_has_less_when_some_was_used_before() -> None:
    purse = Purse("key app", 100, period_ms=HOUR_MS, now_ms=NOON_MS, used_ucr=30)
    assert purse.left_ucr == 70


def test_purse_resets_when_its_period_has_passed_without_any_call() -> None:
    purse = Purse("key app", 100, period_ms=HOUR_MS, now_ms=NOON_MS + 5, used_ucr=100)
    purse.roll(NOON_MS + HOUR_MS - 1)
    assert purse.left_ucr == 0
    purse.roll(NOON_MS + 7 * HOUR_MS)
    assert (purse.left_ucr, purse.used_ucr) == (100, 0)
    assert purse.next_ms == NOON_MS + 8 * HOUR_MS


def test_purse_takes_what_is_reserved_from_the_next_period() -> None:
    purse = Purse("key app", 100, period_ms=HOUR_MS, now_ms=NOON_MS)
    purse.left_ucr -= 60
    purse.roll(NOON_MS + HOUR_MS)
    assert (purse.left_ucr, purse.reserved_ucr, purse.used_ucr) == (40, 60, 0)


def test_purse_names_its_periods_end_only_when_so_much_ever_fits() -> None:
    purse = Purse("key app", 100, period_ms=HOUR_MS, now_ms=NOON_MS, used_ucr=90)
    assert purse.compute_reset_ms(50) == NOON_MS + HOUR_MS
    assert purse.compute_reset_ms(101) is None
    assert Purse("key app", 100).compute_reset_ms(50) is None


def test_bucket_refills_to_the_ucr_when_asked_often() -> None:
    often = create_rate("key app", 7, 1_000, NOON_MS)
    rarely = create_rate("key app", 7, 1_000, NOON_MS)
    often.left_ucr = rarely.left_ucr = -1_000
    for now_ms in range(NOON_MS, NOON_MS + 10_000):
        often.roll(now_ms)
    rarely.roll(NOON_MS + 9_999)
    assert often.left_ucr == rarely.left_ucr == -1_000 + 7 * 9_999 // 1_000


def test_bucket_holds_no_more_than_one_window_gives() -> None:
    bucket = create_rate("key app", 7, 1_000, NOON_MS)
    bucket.roll(NOON_MS + 10 * HOUR_MS)
    assert bucket.left_ucr == 7


def test_bucket_stands_when_the_clock_goes_back() -> None:
    bucket = create_rate("key app", 1_000, 1_000, NOON_MS)
    bucket.left_ucr = 0
    bucket.roll(NOON_MS - HOUR_MS)
    bucket.roll(NOON_MS + 1)
    assert bucket.left_ucr == 1


@given(
    rate_ucr=st.integers(1, 10**9),
    window_ms=st.integers(1, 10**7),
    left_ucr=st.integers(-(10**9), 10**9),
    needed_ucr=st.integers(0, 10**9),
)
def test_bucket_holds_what_is_needed_at_the_time_it_names(
    rate_ucr: int, window_ms: int, left_ucr: int, needed_ucr: int
) -> None:
    bucket = create_rate("key app", rate_ucr, window_ms, NOON_MS)
    bucket.left_ucr = min(left_ucr, rate_ucr)
    reset_ms = bucket.compute_reset_ms(needed_ucr)
    if reset_ms is None:
        assert needed_ucr > rate_ucr
        return
    if reset_ms > NOON_MS:
        bucket.roll(reset_ms - 1)
        assert bucket.left_ucr < needed_ucr
    bucket.roll(reset_ms)
    assert bucket.left_ucr >= needed_ucr


@pytest.mark.parametrize("rate_ucr", [0, 5])
def test_bucket_names_no_time_when_so_much_never_fits(rate_ucr: int) -> None:
    assert create_rate("key app", rate_ucr, 1_000, NOON_MS).compute_reset_ms(6) is None
