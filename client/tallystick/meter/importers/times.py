"""Times from text: ISO dates, or numbers of a known or guessed unit."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import Final

import numpy as np

from tallystick.core.usage import MAX_TIME_MS
from tallystick.meter.importers.chunks import Cells
from tallystick.meter.importers.errors import TimeUnitUnclear
from tallystick.meter.importers.numbers import (
    Integers,
    is_decimal,
    parse_scaled,
    parse_whole_numbers,
)

SCALES: Final = {"s": (1000, 1), "ms": (1, 1), "us": (1, 1000), "ns": (1, 1_000_000)}
"""By unit: times and divided by, to milliseconds."""
FIRST_SECOND: Final = 10**9
FIRST_MILLISECOND: Final = 10**11

MAX_INT64: Final = 2**63 - 1
_MS_PER_DAY: Final = 86_400_000
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
_ISO: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ]([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:[.,](\d{1,12}))?)?"
    r" ?(?:[Zz]|([+-])([01]\d|2[0-3]):?([0-5]\d))?",
    re.ASCII,
)
_ISO_EXPECTED: Final = "a date and time such as 2023-11-16 18:15:46.680, UTC unless it names a zone"


class TimeParser:
    """Turns a file's time column into Unix ms; every row is read by the unit of the first.

    Args:
        unit: `iso`, `s`, `ms`, `us`, `ns`, or `auto`: dates, or numbers of 1e11 and more as ms
            and of 1e9 to 1e11 as s.
    """

    def __init__(self, unit: str) -> None:
        self._is_auto = unit == "auto"
        self._unit = None if self._is_auto else unit

    @property
    def unit(self) -> str:
        """The unit given or found."""
        return self._unit or "auto"

    def parse(self, cells: Cells) -> Integers:
        """Unix ms, fractions of a millisecond cut off.

        Raises:
            RowMalformed: a value that is no time of the unit, or beyond the year 10889.
            TimeUnitUnclear: `auto` and a number too small to tell.
        """
        if self._unit is None:
            self._unit = _guess_unit(cells)
        times = _parse_iso(cells) if self._unit == "iso" else self._parse_numbers(cells, self._unit)
        too_large = np.flatnonzero(times > MAX_TIME_MS)
        if len(too_large):
            hint = " (or name the unit: --time-unit us or ns)" if self._is_auto else ""
            cells.refuse(int(too_large[0]), f"a time of at most {MAX_TIME_MS} ms{hint}")
        return times

    def _parse_numbers(self, cells: Cells, unit: str) -> Integers:
        scale, divisor = SCALES[unit]
        is_fractional = any("." in value for value in cells.values)
        if is_fractional:
            times = parse_scaled(cells, scale=scale, divisor=divisor, round_up=False)
        else:
            whole = parse_whole_numbers(cells, maximum=MAX_INT64)
            # What is too large anyway is kept from overflowing before it is refused.
            too_large = (MAX_TIME_MS + 1) * divisor // scale + 1
            times = np.minimum(whole, min(too_large, MAX_INT64)) * scale // divisor
        if self._is_auto:
            _check_same_unit(cells, times, unit)
        return times


def _guess_unit(cells: Cells) -> str:
    first = cells.values[0]
    if not is_decimal(first):
        return "iso"
    whole = int(first.strip().split(".")[0])
    if whole < FIRST_SECOND:
        _refuse_small(cells, 0)
    return "ms" if whole >= FIRST_MILLISECOND else "s"


def _check_same_unit(cells: Cells, times_ms: Integers, unit: str) -> None:
    """No later row would have been taken for another unit."""
    if unit == "ms":
        strangers = np.flatnonzero(times_ms < FIRST_MILLISECOND)
    else:
        first, last = FIRST_SECOND * 1000, FIRST_MILLISECOND * 1000
        strangers = np.flatnonzero((times_ms < first) | (times_ms >= last))
    if len(strangers):
        _refuse_small(cells, int(strangers[0]))


def _refuse_small(cells: Cells, row: int) -> None:
    raise TimeUnitUnclear(
        f"line {cells.find_line(row)}, {cells.name}: this number may be of several units; "
        "say which with --time-unit",
        expected="1e9 to 1e11 for seconds or more for milliseconds, the same in all rows",
        actual=repr(cells.values[row][:80]),
    )


def _parse_iso(cells: Cells) -> Integers:
    times = np.empty(len(cells.values), np.int64)
    for row, value in enumerate(cells.values):
        time_ms = _parse_iso_ms(value.strip())
        if time_ms is None or time_ms < 0:
            cells.refuse(row, _ISO_EXPECTED)
        times[row] = time_ms
    return times


def _parse_iso_ms(text: str) -> int | None:
    match = _ISO.fullmatch(text)
    if match is None:
        return None
    day, hour, minute, second, fraction, sign, zone_hour, zone_minute = match.groups()
    midnight_ms = _find_midnight_ms(day)
    if midnight_ms is None:
        return None
    minutes = int(hour) * 60 + int(minute)
    if sign:
        offset = int(zone_hour) * 60 + int(zone_minute)
        minutes -= offset if sign == "+" else -offset
    seconds = minutes * 60 + int(second or 0)
    return midnight_ms + seconds * 1000 + int(((fraction or "") + "000")[:3])


@lru_cache(maxsize=4096)
def _find_midnight_ms(day: str) -> int | None:
    try:
        return (date.fromisoformat(day).toordinal() - _EPOCH_DAY) * _MS_PER_DAY
    except ValueError:
        return None
