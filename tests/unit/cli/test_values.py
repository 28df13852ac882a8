"""Words of the command line as integers."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.chain.bindings.budgets import PeriodKind
from tallystick.cli.errors import (
    AssignmentInvalid,
    CountInvalid,
    PeriodInvalid,
    ShareInvalid,
    TimeInvalid,
)
from tallystick.cli.values import (
    format_share,
    format_time,
    parse_assignments,
    parse_cents,
    parse_count,
    parse_length_s,
    parse_limit_ucr,
    parse_period,
    parse_rate,
    parse_share_ppm,
    parse_time_ms,
)
from tallystick.client.budgets import Period, Rate
from tallystick.core.errors import AmountInvalid

NOW_MS = 1_795_305_600_000  # 2026-11-22 00:00 UTC


@pytest.mark.parametrize(
    "text", ["", "yesterday", "7", "7y", "-7d", "1.5d", "2026-13-01", "99999d", "1969-12-31"]
)
def test_time_is_refused_when_it_is_neither_iso_nor_an_age(text: str) -> None:
    with pytest.raises(TimeInvalid) as refused:
        parse_time_ms(text, NOW_MS)
    assert refused.value.code == "time_invalid"


@pytest.mark.parametrize(
    ("text", "expected_ms"),
    [
        ("2026-11-22", NOW_MS),
        ("2026-11-22T01:00:00+01:00", NOW_MS),
        ("2026-11-22T00:00:00.250Z", NOW_MS + 250),
        ("7d", NOW_MS - 7 * 86_400_000),
        ("24h", NOW_MS - 86_400_000),
        ("90m", NOW_MS - 5_400_000),
        ("1970-01-01", 0),
    ],
)
def test_time_is_read_in_utc(text: str, expected_ms: int) -> None:
    assert parse_time_ms(text, NOW_MS) == expected_ms


MOMENTS = st.datetimes(
    datetime(1970, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    datetime(9000, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)


@given(MOMENTS)
def test_time_is_exact_to_the_millisecond(moment: datetime) -> None:
    expected_ms = (
        int(moment.replace(microsecond=0).timestamp()) * 1_000 + moment.microsecond // 1_000
    )
    assert parse_time_ms(moment.isoformat(), NOW_MS) == expected_ms


@given(st.integers(0, 4_000_000_000))
def test_time_reads_back_what_was_shown(time_s: int) -> None:
    assert parse_time_ms(format_time(time_s * 1_000), NOW_MS) == time_s * 1_000


@pytest.mark.parametrize(
    "text", ["", "30", "0d", "1.5d", "day", "monthly", "4294967296s", "99999w"]
)
def test_period_is_refused_when_it_is_no_length(text: str) -> None:
    with pytest.raises(PeriodInvalid):
        parse_period(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30d", Period(PeriodKind.FIXED, 2_592_000)),
        ("12h", Period(PeriodKind.FIXED, 43_200)),
        ("week", Period(PeriodKind.WEEK)),
        ("Month", Period(PeriodKind.MONTH)),
        ("none", Period(PeriodKind.NONE)),
    ],
)
def test_period_is_read(text: str, expected: Period) -> None:
    assert parse_period(text) == expected


@pytest.mark.parametrize(
    "text", ["", "80", "0.8", "80.00001%", "100.0001%", "1000001ppm", "0.5ppm", "-1%", "80 percent"]
)
def test_share_is_refused_when_its_unit_is_unclear_or_it_is_out_of_range(text: str) -> None:
    with pytest.raises(ShareInvalid):
        parse_share_ppm(text)


@pytest.mark.parametrize(
    ("text", "expected_ppm"),
    [
        ("80%", 800_000),
        ("12.5 %", 125_000),
        ("0.0001%", 1),
        ("800000ppm", 800_000),
        ("100%", 10**6),
    ],
)
def test_share_is_read_exactly(text: str, expected_ppm: int) -> None:
    assert parse_share_ppm(text) == expected_ppm


@given(st.integers(0, 1_000_000))
def test_share_reads_back_what_was_shown(share_ppm: int) -> None:
    assert parse_share_ppm(format_share(share_ppm)) == share_ppm
    assert parse_share_ppm(f"{share_ppm}ppm") == share_ppm


@given(st.integers(0, 10**15))
def test_limit_is_exact(amount_ucr: int) -> None:
    whole, fraction = divmod(amount_ucr, 1_000_000)
    assert parse_limit_ucr(f"{whole}.{fraction:06d}") == amount_ucr


def test_limit_is_taken_away_by_none() -> None:
    assert parse_limit_ucr(" None ") is None


@pytest.mark.parametrize("text", ["", "-1", "1e3", "1.0000001", "NaN", "1,000"])
def test_limit_is_refused_when_it_is_no_amount(text: str) -> None:
    with pytest.raises(AmountInvalid):
        parse_limit_ucr(text)


@pytest.mark.parametrize("text", ["time", "=column", ""])
def test_assignment_is_refused_when_a_side_is_missing(text: str) -> None:
    with pytest.raises(AssignmentInvalid):
        parse_assignments([text])


def test_assignment_keeps_later_equal_signs_and_the_last_of_a_field() -> None:
    assert parse_assignments(["a=1", "b = x=y", "a=2"]) == {"a": "2", "b": "x=y"}


@pytest.mark.parametrize(
    ("text", "cents"), [("$200", 20_000), ("99.5", 9_950), ("$1_000.05", 100_005)]
)
def test_price_is_read_to_the_cent(text: str, cents: int) -> None:
    assert parse_cents(text) == cents


@pytest.mark.parametrize("text", ["", "$", "1.005", "-1", "1,5", "free"])
def test_price_is_refused_when_it_is_none_or_finer_than_a_cent(text: str) -> None:
    with pytest.raises(CountInvalid):
        parse_cents(text)


def test_count_is_a_whole_number() -> None:
    assert [parse_count(text) for text in ("420", "1_000")] == [420, 1_000]
    for text in ("", "1.5", "-1", "10_00", "1k"):
        with pytest.raises(CountInvalid):
            parse_count(text)


def test_length_is_refused_when_it_is_none() -> None:
    assert parse_length_s("90m") == 5_400
    for text in ("", "0d", "7", "-7d"):
        with pytest.raises(TimeInvalid):
            parse_length_s(text)


def test_rate_is_an_amount_in_a_length_of_time() -> None:
    assert parse_rate("100/1h") == Rate(100_000_000, 3_600)
    assert parse_rate("none") is None
    with pytest.raises(PeriodInvalid):
        parse_rate("100")
