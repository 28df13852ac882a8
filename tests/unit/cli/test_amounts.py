"""Money, factors, lengths and changes as people read them."""

import pytest

from tallystick.cli.amounts import (
    format_cents,
    format_factor,
    format_length,
    format_usd,
    format_velocity,
    format_who,
    list_changes,
)
from tallystick.client.proposals.changes import Change, Unit


@pytest.mark.parametrize(
    ("uusd", "expected"),
    [(0, "$0.00"), (10_000, "$0.01"), (12_500_000, "$12.50"), (50_001, "$0.050001")],
)
def test_dollars_keep_what_counts(uusd: int, expected: str) -> None:
    assert format_usd(uusd) == expected


def test_cents_are_dollars_with_two_digits() -> None:
    assert [format_cents(cents) for cents in (5, 20_000, 123_456)] == [
        "$0.05",
        "$200.00",
        "$1,234.56",
    ]


def test_factor_drops_trailing_zeros() -> None:
    assert [format_factor(ppm) for ppm in (2_000_000, 2_100_000, 1)] == ["2", "2.1", "0.000001"]


def test_length_is_told_in_its_largest_whole_unit() -> None:
    assert [format_length(s) for s in (0, 61, 900, 86_400, 90_000)] == [
        "0s",
        "61s",
        "15m",
        "1d",
        "25h",
    ]


def test_velocity_is_rounded_down_and_missing_without_spending() -> None:
    assert format_velocity(50_000_000, 500_000_000) == "$0.10"
    assert format_velocity(2, 3_000_000) == "$0.00"
    assert format_velocity(5, 0) == "-"


def test_nobody_is_a_dash() -> None:
    assert [format_who(who) for who in (None, "0x" + "ab" * 20)] == ["-", "0xabababab..."]


def test_changes_are_told_in_their_units() -> None:
    changes = [
        Change("a.price", 100_000, 200, Unit.NCR),
        Change("a.factor", None, 2_100_000, Unit.FACTOR),
        Change("a.share", 250_000, 125_000, Unit.SHARE),
        Change("a.cap", 0, 12_800_000, Unit.UCR),
        Change("a.who", "0x" + "00" * 20, "0x" + "ab" * 20, Unit.ADDRESS),
    ]
    assert list_changes(changes).rows == [
        ["a.price", "100,000 ncr", "->", "200 ncr"],
        ["a.factor", "none", "->", "2.1"],
        ["a.share", "25%", "->", "12.5%"],
        ["a.cap", "0 credits", "->", "12.8 credits"],
        ["a.who", "none", "->", "0x" + "ab" * 20],
    ]
