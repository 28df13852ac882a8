"""Caps that a call passes after the lease: of a key, of a person, in one gateway process.

A cap is given for good, anew for each period, or evenly over each period: a rate. What holds across
all processes is the lease (docs/budgets.md).
"""

from __future__ import annotations

from typing import Final

from tallystick.meter.admission.errors import Why

NEVER_MS: Final = 2**63 - 1


class Purse:
    """One cap. The gate takes from `left_ucr` itself; whoever else asks calls `roll` first.

    One class for all three kinds, since the gate looks at caps of every kind in the same place, and
    an attribute that is always in the same class is read twice as fast.

    Periods are multiples of their length since 1970, in UTC. They follow from the time alone: what
    is reserved when one ends is taken from the next, as that is when it will be used. A rate is
    filled to the ucr, and holds no more than one period gives.

    Args:
        name: whose cap it is.
        limit_ucr: how much, in each period.
        period_ms: the period's length, 0 = for good.
        now_ms: the time now, in Unix ms.
        used_ucr: what the present period has used already.
        is_even: whether the period's amount comes evenly instead of at its beginning.
    """

    __slots__ = (
        "_at_ms",
        "_rest",
        "is_even",
        "left_ucr",
        "limit_ucr",
        "name",
        "next_ms",
        "period_ms",
        "used_ucr",
        "why",
    )

    def __init__(
        self,
        name: str,
        limit_ucr: int,
        *,
        period_ms: int = 0,
        now_ms: int = 0,
        used_ucr: int = 0,
        is_even: bool = False,
    ) -> None:
        self.name = name
        self.why = Why.RATE_CAP if is_even else Why.CAP
        self.limit_ucr = limit_ucr
        self.left_ucr = limit_ucr - used_ucr
        self.used_ucr = used_ucr
        self.period_ms = period_ms
        self.is_even = is_even
        self.next_ms = now_ms + 1 if is_even else _end_period(now_ms, period_ms)
        """When `roll` has something to do, in Unix ms."""
        self._at_ms = now_ms
        self._rest = 0

    @property
    def reserved_ucr(self) -> int:
        """What calls under way have taken; of a cap that is not even."""
        return self.limit_ucr - self.left_ucr - self.used_ucr

    def roll(self, now_ms: int) -> None:
        """The cap stands as of now."""
        if now_ms < self.next_ms:
            return
        limit_ucr, period_ms = self.limit_ucr, self.period_ms
        if not self.is_even:
            self.left_ucr = limit_ucr - self.reserved_ucr
            self.used_ucr = 0
            self.next_ms = _end_period(now_ms, period_ms)
            return
        # The remainder is kept, so that many short times give as much as a long one.
        due = (now_ms - self._at_ms) * limit_ucr + self._rest
        gained_ucr = due // period_ms
        self._rest = due - gained_ucr * period_ms
        self.left_ucr += gained_ucr
        if self.left_ucr >= limit_ucr:
            self.left_ucr = limit_ucr
            self._rest = 0
        self._at_ms = now_ms
        self.next_ms = now_ms + 1

    def compute_reset_ms(self, needed_ucr: int) -> int | None:
        """When so much may be left, in Unix ms; None where no time brings it."""
        if not self.period_ms or needed_ucr > self.limit_ucr or not self.limit_ucr:
            return None
        if not self.is_even:
            return self.next_ms
        missing = (needed_ucr - self.left_ucr) * self.period_ms - self._rest
        return self._at_ms + max(-(-missing // self.limit_ucr), 0)


def create_rate(name: str, rate_ucr: int, window_ms: int, now_ms: int) -> Purse:
    """A cap of so much in every window, given evenly; it is full now."""
    return Purse(name, rate_ucr, period_ms=window_ms, now_ms=now_ms, is_even=True)


def _end_period(now_ms: int, period_ms: int) -> int:
    return now_ms - now_ms % period_ms + period_ms if period_ms else NEVER_MS
