"""Exact numbers from text: no float is ever made of a quantity."""

from __future__ import annotations

import re
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tallystick.meter.importers.chunks import Cells

Integers = NDArray[np.int64]

_WHOLE: Final = re.compile(r"[0-9]{1,19}", re.ASCII)
_DECIMAL: Final = re.compile(r"([0-9]{1,19})(?:\.([0-9]{1,18}))?", re.ASCII)
MAX_WHOLE: Final = 10**18 - 1
"""Of a quantity: five of them add up inside 64 bits."""


def parse_whole_numbers(cells: Cells, *, maximum: int = MAX_WHOLE) -> Integers:
    """The column's values.

    Args:
        cells: whole numbers without sign.
        maximum: below 2^63.

    Raises:
        RowMalformed: one is no whole number, or above the maximum.
    """
    values = cells.values
    if not _are_digits(values):
        values = [value.strip() for value in values]
    try:
        if _are_digits(values):
            numbers = np.fromiter(map(int, values), np.int64, len(values))
            if numbers.max() <= maximum:
                return numbers
    except (ValueError, OverflowError):
        pass  # found below, with its line
    for row, value in enumerate(values):
        if _WHOLE.fullmatch(value) is None or int(value) > maximum:
            cells.refuse(row, f"a whole number of at most {maximum}")
    raise AssertionError("unreachable: some value is no whole number")  # pragma: no cover


def parse_scaled(cells: Cells, *, scale: int, divisor: int = 1, round_up: bool) -> Integers:
    """Decimal values times scale / divisor, exact but for the last rounding to a whole number.

    Args:
        cells: decimal numbers without sign or exponent.
        scale: multiplied by.
        divisor: then divided by.
        round_up: to the next whole number; else down.

    Raises:
        RowMalformed: no such number, or a result of more than 18 digits.
    """
    results = np.empty(len(cells.values), np.int64)
    for row, value in enumerate(cells.values):
        match = _DECIMAL.fullmatch(value.strip())
        if match is None:
            cells.refuse(row, "a decimal number without sign or exponent")
        whole, fraction = match[1], match[2] or ""
        numerator = int(whole + fraction) * scale
        denominator = 10 ** len(fraction) * divisor
        result = -(-numerator // denominator) if round_up else numerator // denominator
        if result > MAX_WHOLE:
            cells.refuse(row, f"at most {MAX_WHOLE * divisor // scale}")
        results[row] = result
    return results


def is_decimal(text: str) -> bool:
    """Whether the text is a number that `parse_scaled` reads."""
    return _DECIMAL.fullmatch(text.strip()) is not None


def _are_digits(values: list[str]) -> bool:
    joined = "".join(values)
    return joined.isascii() and joined.isdigit()
