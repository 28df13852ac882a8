"""How much a lease should hold, from what its project has used lately."""

from __future__ import annotations

from typing import Final

MS_PER_S: Final = 1_000
NEW_WEIGHT: Final = 1
OLD_WEIGHT: Final = 3


class Pace:
    """A running mean of one project's use.

    Args:
        floor_ucr: a lease aims at no less.
        horizon_s: for how long it should last.
    """

    def __init__(self, floor_ucr: int, horizon_s: int) -> None:
        self._floor_ucr = floor_ucr
        self._horizon_s = horizon_s
        self._used_ucr = 0
        self._at_ms: int | None = None
        self.rate_ucr_per_s = 0

    def note(self, used_ucr: int, now_ms: int) -> None:
        """So much was used in all by now; a total that fell has begun anew."""
        if self._at_ms is None:
            self._used_ucr, self._at_ms = used_ucr, now_ms
            return
        elapsed_ms = now_ms - self._at_ms
        if elapsed_ms < MS_PER_S:
            return
        grown_ucr = max(used_ucr - self._used_ucr, 0)
        latest = grown_ucr * MS_PER_S // elapsed_ms
        weighted = OLD_WEIGHT * self.rate_ucr_per_s + NEW_WEIGHT * latest
        self.rate_ucr_per_s = weighted // (OLD_WEIGHT + NEW_WEIGHT)
        self._used_ucr, self._at_ms = used_ucr, now_ms

    def compute_target_ucr(self, reserved_ucr: int) -> int:
        """What should be left: enough for the horizon, and for twice the calls under way.

        Args:
            reserved_ucr: by calls under way.
        """
        return max(self._floor_ucr, self.rate_ucr_per_s * self._horizon_s, reserved_ucr)
