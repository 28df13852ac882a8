"""Units of money: credits for people, ucr everywhere else, ncr (nano-credits) in rates."""

from __future__ import annotations

import re

from tallystick.core.errors import AmountInvalid

UCR_PER_CREDIT = 1_000_000
NCR_PER_UCR = 1_000
PPM = 1_000_000

MAX_AMOUNT_UCR = 2**80 - 1
"""The largest amount that any contract keeps (contracts/libraries/BudgetWord.sol)."""

_AMOUNT = re.compile(
    r"(?P<whole>\d{1,3}(?:_\d{3})+|\d+)(?:\.(?P<fraction>\d+))?(?P<suffix>[kM]?)", re.ASCII
)
_MAX_DECIMALS = 6
_SUFFIX_ZEROS = {"": 0, "k": 3, "M": 6}


def parse_credits(text: str) -> int:
    """The amount written in `text` is returned in ucr.

    Args:
        text: decimal credits as people write them: `12.8`, `1_000`, `1k`.

    Returns:
        ucr, exact: nothing is ever rounded.

    Raises:
        AmountInvalid: no such number, more precise than a micro-credit, or too large.
    """
    match = _AMOUNT.fullmatch(text.strip())
    if match is None:
        raise AmountInvalid(
            "this is no amount of credits",
            expected="a number such as 12.8, 1_000 or 1k",
            actual=repr(text[:40]),
        )
    fraction = match["fraction"] or ""
    if len(fraction) > _MAX_DECIMALS:
        raise AmountInvalid(
            "an amount is finer than a micro-credit",
            expected="at most 6 decimals",
            actual=repr(text[:40]),
        )
    shift = _MAX_DECIMALS + _SUFFIX_ZEROS[match["suffix"]]
    whole = match["whole"].replace("_", "")
    amount_ucr = int(whole + fraction.ljust(shift, "0"))
    if amount_ucr > MAX_AMOUNT_UCR:
        raise AmountInvalid(
            "an amount is too large", expected=f"at most {MAX_AMOUNT_UCR} ucr", actual=amount_ucr
        )
    return amount_ucr


def format_credits(amount_ucr: int, *, places: int = 6) -> str:
    """An amount as people read it: thousands separated, trailing zeros of the fraction dropped.

    Args:
        amount_ucr: may be negative.
        places: decimals kept at most; what lies beyond is cut off, never rounded up.
    """
    sign = "-" if amount_ucr < 0 else ""
    whole, fraction = divmod(abs(amount_ucr), UCR_PER_CREDIT)
    digits = f"{fraction:06d}"[:places].rstrip("0")
    return f"{sign}{whole:,}" + (f".{digits}" if digits else "")
