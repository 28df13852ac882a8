"""Levels of money that a call passes: what is left, reserved and used of each.

Every level conserves: what it was given = left + reserved + used, at every moment. Caps belong to
one gateway process; what holds across all of them is the lease (docs/budgets.md).
"""

from __future__ import annotations

from typing import Final, Protocol

from tallystick.meter.admission.errors import Why

NEVER_MS: Final = 2**63 - 1


class Level(Protocol):
    """What a call's greatest cost is taken from. The gate changes the amounts itself."""

    name: str
    why: Why
    left_ucr: int
    reserved_ucr: int
    used_ucr: int
    next_ms: int
    """When `roll` has something to do, in Unix ms."""

    def roll(self, now_ms: int) -> None:
        """The level stands as of now."""

    def compute_reset_ms(self, needed_ucr: int) -> int | None:
        """When so much may be left, in Unix ms; None where no time brings it."""


class Purse:
    """A cap, for good or for each period.

    Periods are multiples of their length since 1970, in UTC. They follow from the time alone: what
    is reserved when one ends is taken from the next, as that is when it will be used.

    Args:
        name: whose cap it is.
        limit_ucr: how much, in each period.
        period_ms: the period's length, 0 = for good.
        now_ms: the time now, in Unix ms.
        used_ucr: what the present period has used already.
    """

    __slots__ = (
        "left_ucr",
        "limit_ucr",
        "name",
        "next_ms",
        "period_ms",
        "reserved_ucr",
        "used_ucr",
        "why",
    )

    def __init__(
        self, name: str, limit_ucr: int, *, period_ms: int = 0, now_ms: int = 0, used_ucr: int = 0
    ) -> None:
        self.name = name
        self.why = Why.CAP
        self.limit_ucr = limit_ucr
        self.left_ucr = limit_ucr - used_ucr
        self.reserved_ucr = 0
        self.used_ucr = used_ucr
        self.period_ms = period_ms
        self.next_ms = _end_period(now_ms, period_ms)

    def roll(self, now_ms: int) -> None:
        """Nothing is used yet of the period that holds this time, if a new one has begun."""
        if now_ms < self.next_ms:
            return
        self.used_ucr = 0
        self.left_ucr = self.limit_ucr - self.reserved_ucr
        self.next_ms = _end_period(now_ms, self.period_ms)

    def compute_reset_ms(self, needed_ucr: int) -> int | None:
        """The period's end, unless the cap never allows so much."""
        may_fit = self.period_ms and needed_ucr <= self.limit_ucr
        return self.next_ms if may_fit else None


class RateBucket:
    """A rate: filled evenly, to the ucr, up to what one window gives.

    Args:
        name: whose rate it is.
        rate_ucr: what a window gives.
        window_ms: the window's length.
        now_ms: the time now, in Unix ms; the bucket is full.
    """

    __slots__ = (
        "_at_ms",
        "_rest",
        "left_ucr",
        "name",
        "next_ms",
        "rate_ucr",
        "reserved_ucr",
        "used_ucr",
        "why",
        "window_ms",
    )

    def __init__(self, name: str, rate_ucr: int, window_ms: int, now_ms: int) -> None:
        self.name = name
        self.why = Why.RATE_CAP
        self.rate_ucr = rate_ucr
        self.window_ms = window_ms
        self.left_ucr = rate_ucr
        self.reserved_ucr = 0
        self.used_ucr = 0
        self.next_ms = now_ms + 1
        self._at_ms = now_ms
        self._rest = 0

    def roll(self, now_ms: int) -> None:
        """What the time since the last time gives is in the bucket, as far as it holds it.

        The remainder of the division is kept, so that many short times give as much as a long one.
        """
        if now_ms <= self._at_ms:
            return
        gained_ucr, self._rest = divmod(
            (now_ms - self._at_ms) * self.rate_ucr + self._rest, self.window_ms
        )
        self.left_ucr += gained_ucr
        if self.left_ucr >= self.rate_ucr:
            self.left_ucr = self.rate_ucr
            self._rest = 0
        self._at_ms = now_ms
        self.next_ms = now_ms + 1

    def compute_reset_ms(self, needed_ucr: int) -> int | None:
        """When the bucket holds so much, if it ever does."""
        if needed_ucr > self.rate_ucr or not self.rate_ucr:
            return None
        missing = (needed_ucr - self.left_ucr) * self.window_ms - self._rest
        return self._at_ms + max(-(-missing // self.rate_ucr), 0)


def _end_period(now_ms: int, period_ms: int) -> int:
    return now_ms - now_ms % period_ms + period_ms if period_ms else NEVER_MS
