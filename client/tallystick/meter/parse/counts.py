"""Counts of provider usage objects, exact or refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tallystick.core.usage import Flag
from tallystick.meter.parse.errors import UsageMalformed
from tallystick.meter.parse.reading import NO_FLAGS, Reading

MAX_COUNT: Final = 2**53
"""Beyond this JSON numbers are not exact everywhere, and no answer has as many LLM tokens."""


def read_count(usage: Mapping[str, object], field: str) -> int | None:
    """The count in this field; None where it is absent or null, which is not the same as 0.

    Args:
        usage: a provider's usage object.
        field: as the provider calls it; dots lead into objects inside.

    Raises:
        UsageMalformed: there is something else than a count.
    """
    value: object = usage
    for part in field.split("."):
        if not isinstance(value, Mapping):
            raise UsageMalformed(field, expected="an object", actual=repr(value))
        value = value.get(part)
        if value is None:
            return None
    if type(value) is not int or not 0 <= value <= MAX_COUNT:
        raise UsageMalformed(field, expected=f"0 .. {MAX_COUNT}", actual=repr(value))
    return value


def require_count(usage: Mapping[str, object], field: str) -> int:
    """The count in this field.

    Raises:
        UsageMalformed: it is absent, null or no count.
    """
    count = read_count(usage, field)
    if count is None:
        raise UsageMalformed(field, expected=f"0 .. {MAX_COUNT}", actual="nothing")
    return count


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a call as its provider reports it.

    Args:
        total: what the provider calls the count of this side.
        parts: what it says about parts of it, or beside it.
        is_inclusive: the provider documents that the parts lie inside the total.
    """

    total: int
    parts: tuple[int, ...]
    is_inclusive: bool = True

    def turned(self, *, is_as_documented: bool) -> Side:
        """This side, or the same numbers with the parts on the other side of the total's edge."""
        return Side(self.total, self.parts, self.is_inclusive is is_as_documented)

    def compute_rest(self, *, is_inclusive: bool) -> int:
        """What is left of the total beside the parts; negative where it cannot hold them."""
        return self.total - sum(self.parts) if is_inclusive else self.total


def split_sides(read: Side, produced: Side, total: int | None) -> tuple[Side, Side, Flag]:
    """Both sides with `is_inclusive` as the numbers bear it out, and what is doubtful.

    Some servers speak another provider's format and count cached or reasoning tokens beside its
    totals instead of inside. The reported sum of a call tells which: it is believed where exactly
    that reading adds up to it. Where none does, the sides' own totals win and the reading is
    flagged.

    Args:
        read: input side.
        produced: output side.
        total: the reported sum of the call, None where there is none.
    """
    alternatives = (True,) if total is None else (True, False)
    for reads_as_documented in alternatives:
        for produces_as_documented in alternatives:
            sides = (
                read.turned(is_as_documented=reads_as_documented),
                produced.turned(is_as_documented=produces_as_documented),
            )
            if _adds_up(*sides, total):
                return (*sides, NO_FLAGS)
    return read, produced, Flag.USAGE_MISMATCH


def _adds_up(read: Side, produced: Side, total: int | None) -> bool:
    found = 0
    for side in (read, produced):
        rest = side.compute_rest(is_inclusive=side.is_inclusive)
        if rest < 0:
            return False
        found += rest + sum(side.parts)
    return total is None or found == total


def create_reading(
    read: Side, produced: Side, total: int | None, *, is_reasoning_reported: bool
) -> Reading:
    """The five disjoint counts of a call.

    Args:
        read: input side; parts are cached and written.
        produced: output side; the one part is reasoning.
        total: the reported sum, None where there is none.
        is_reasoning_reported: the provider said how much of the output is reasoning, also 0.
    """
    read, produced, flags = split_sides(read, produced, total)
    cached, written = fit_parts(read)
    (reasoning,) = fit_parts(produced)
    if produced.total and not is_reasoning_reported:
        flags |= Flag.REASONING_NOT_REPORTED
    return Reading(
        in_fresh=max(read.compute_rest(is_inclusive=read.is_inclusive), 0),
        in_cached=cached,
        in_written=written,
        out_visible=max(produced.compute_rest(is_inclusive=produced.is_inclusive), 0),
        out_reasoning=reasoning,
        flags=flags,
    )


def fit_parts(side: Side) -> tuple[int, ...]:
    """The parts, cut so that an inclusive total holds them."""
    if not side.is_inclusive:
        return side.parts
    left, fitted = side.total, []
    for part in side.parts:
        fitted.append(min(part, left))
        left -= fitted[-1]
    return tuple(fitted)
