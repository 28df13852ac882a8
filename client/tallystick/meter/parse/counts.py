"""Counts of provider usage objects, exact or refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from tallystick.core.usage import Flag
from tallystick.meter.parse.errors import UsageMalformed
from tallystick.meter.parse.reading import NO_FLAGS, Reading

MAX_COUNT: Final = 2**53
"""Beyond this JSON numbers are not exact everywhere, and no answer has as many LLM tokens."""

_UNTOLD: Final = Flag.REASONING_NOT_REPORTED


def read_count(usage: Mapping[str, object], field: str) -> int | None:
    """The count in this field; None where it is absent or null, which is not the same as 0.

    Args:
        usage: a provider's usage object.
        field: as the provider calls it; a dot leads into an object inside.

    Raises:
        UsageMalformed: there is something else than a count.
    """
    if "." in field:
        outer, _, inner = field.partition(".")
        value = usage.get(outer)
        if value is None:
            return None
        if not isinstance(value, (dict, Mapping)):  # asking whether it is a Mapping is slow
            raise UsageMalformed(field, expected="an object", actual=repr(value))
        value = value.get(inner)
    else:
        value = usage.get(field)
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


class Side(NamedTuple):
    """One side of a call as its provider reports it.

    Args:
        total: what the provider calls the count of this side.
        parts: what it says about parts of it, or beside it.
        is_inclusive: the parts lie inside the total.
    """

    total: int
    parts: tuple[int, ...]
    is_inclusive: bool = True

    def compute_rest(self) -> int:
        """What is left of the total beside the parts; negative where it cannot hold them."""
        return self.total - sum(self.parts) if self.is_inclusive else self.total

    def compute_sum(self) -> int:
        """All LLM tokens of this side."""
        return self.total if self.is_inclusive else self.total + sum(self.parts)

    def turn(self) -> Side:
        """The same numbers with the parts on the other side of the total's edge."""
        return Side(self.total, self.parts, not self.is_inclusive)


def split_sides(read: Side, produced: Side, total: int | None) -> tuple[Side, Side, Flag]:
    """Both sides with `is_inclusive` as the numbers bear it out, and what is doubtful.

    Some servers speak another provider's format and count cached or reasoning tokens beside its
    totals instead of inside. The reported sum of a call tells which: it is believed where exactly
    that reading adds up to it. Where none does, the sides' own totals win and the reading is
    flagged.

    Args:
        read: input side, as documented.
        produced: output side, as documented.
        total: the reported sum of the call, None where there is none.
    """
    if _adds_up(read, produced, total):
        return read, produced, NO_FLAGS
    if total is not None:
        alternatives = ((read, produced.turn()), (read.turn(), produced))
        for sides in (*alternatives, (read.turn(), produced.turn())):
            if _adds_up(*sides, total):
                return (*sides, NO_FLAGS)
    return read, produced, Flag.USAGE_MISMATCH


def _adds_up(read: Side, produced: Side, total: int | None) -> bool:
    if total is not None and read.compute_sum() + produced.compute_sum() != total:
        return False
    return read.compute_rest() >= 0 and produced.compute_rest() >= 0


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
    if produced.total and not is_reasoning_reported:
        flags = flags | _UNTOLD if flags else _UNTOLD
    in_fresh, (cached, written) = fit_parts(read)
    out_visible, (reasoning,) = fit_parts(produced)
    return Reading(in_fresh, cached, written, out_visible, reasoning, flags)


def fit_parts(side: Side) -> tuple[int, tuple[int, ...]]:
    """What is left beside the parts, and the parts, cut so that an inclusive total holds them."""
    rest = side.compute_rest()
    if rest >= 0 or not side.is_inclusive:
        return max(rest, 0), side.parts
    left, fitted = side.total, []
    for part in side.parts:
        fitted.append(min(part, left))
        left -= fitted[-1]
    return 0, tuple(fitted)
