"""Counters that only grow, until whatever counts is restarted."""

from __future__ import annotations

import msgspec


class Counted(msgspec.Struct, frozen=True, array_like=True):
    """A counter as it was last read."""

    value: int
    born: int = 0
    """When the series began, in any unit that changes with a restart; 0 = not said."""


def compute_growth(before: Counted | None, now: Counted, *, is_watched: bool) -> int:
    """How much was counted since the last reading; never negative, nothing counted twice.

    A value below the last one, or a later birth, is a restart: what the counter shows was all
    counted since. A counter seen for the first time may have grown before anybody watched, so it
    counts from now on, unless its page was being read already when it appeared.

    Args:
        before: the last reading that was taken into account, None where there is none.
        now: this reading.
        is_watched: whether the page that shows the counter was read before it appeared.
    """
    if before is None:
        return now.value if is_watched else 0
    is_reborn = bool(before.born and now.born) and now.born > before.born
    if is_reborn or now.value < before.value:
        return now.value
    return now.value - before.value
