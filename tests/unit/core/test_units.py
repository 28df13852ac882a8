import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.core.errors import AmountInvalid
from tallystick.core.units import MAX_AMOUNT_UCR, format_credits, parse_credits


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-1",
        "+1",
        "1e3",
        "1,000",
        "1__000",
        "10_00",
        ".5",
        "5.",
        "0.0000001",
        "1.1234567k",
        "k",
        "NaN",
        "0x10",
        "٣",
        "1 000",
        "1kk",
    ],
)
def test_parse_credits_refuses_what_is_no_exact_amount(text: str) -> None:
    with pytest.raises(AmountInvalid) as caught:
        parse_credits(text)
    assert caught.value.code == "amount_invalid"


@pytest.mark.parametrize(
    ("text", "amount_ucr"),
    [
        ("0", 0),
        ("12.8", 12_800_000),
        ("1_000", 1_000_000_000),
        ("1k", 1_000_000_000),
        ("2.5k", 2_500_000_000),
        ("1.5M", 1_500_000_000_000),
        (" 0.000001 ", 1),
    ],
)
def test_parse_credits_is_exact(text: str, amount_ucr: int) -> None:
    assert parse_credits(text) == amount_ucr


def test_parse_credits_refuses_more_than_a_contract_keeps() -> None:
    largest = format_credits(MAX_AMOUNT_UCR).replace(",", "")
    assert parse_credits(largest) == MAX_AMOUNT_UCR
    with pytest.raises(AmountInvalid):
        parse_credits(format_credits(MAX_AMOUNT_UCR + 1).replace(",", ""))


@given(st.integers(0, MAX_AMOUNT_UCR))
def test_parse_credits_reads_back_what_format_credits_wrote(amount_ucr: int) -> None:
    assert parse_credits(format_credits(amount_ucr).replace(",", "")) == amount_ucr


def test_format_credits_cuts_and_never_rounds_up() -> None:
    assert format_credits(1_999_999, places=2) == "1.99"
    assert format_credits(-12_800_000) == "-12.8"
    assert format_credits(1_234_567_000_000) == "1,234,567"
