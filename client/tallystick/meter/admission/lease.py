"""What a gate holds of one project's lease."""

from __future__ import annotations


class Lease:
    """One project's credits in one gateway process.

    granted = left + reserved + used, always. `left_ucr` is negative where calls cost more than they
    had reserved, or were admitted while the network could not be reached: what is granted next
    pays for that first.

    Args:
        project: the account's id.
    """

    __slots__ = (
        "deadline_ms",
        "granted_ucr",
        "left_ucr",
        "low_ucr",
        "project",
        "unleased_reserved_ucr",
        "unleased_used_ucr",
        "used_ucr",
    )

    def __init__(self, project: int) -> None:
        self.project = project
        self.granted_ucr = 0
        self.left_ucr = 0
        self.used_ucr = 0
        self.unleased_reserved_ucr = 0
        """Reserved by calls that were admitted while the network could not be reached."""
        self.unleased_used_ucr = 0
        """What such calls have used since the last grant."""
        self.deadline_ms = 0
        """From then on nothing is admitted, in Unix ms."""
        self.low_ucr = 0
        """The keeper hears of it once less than this is left; 0 = it has heard. Never negative."""

    @property
    def reserved_ucr(self) -> int:
        """What calls under way have taken."""
        return self.granted_ucr - self.left_ucr - self.used_ucr

    def grant(self, amount_ucr: int, deadline_ms: int) -> None:
        """So much more is set aside, until a deadline."""
        self.granted_ucr += amount_ucr
        self.left_ucr += amount_ucr
        self.unleased_used_ucr = 0
        self.deadline_ms = deadline_ms

    def charge(self, cost_ucr: int) -> None:
        """Use that nobody had reserved has drawn on the lease."""
        self.left_ucr -= cost_ucr
        self.used_ucr += cost_ucr

    def clear(self) -> None:
        """The lease has ended; only what calls under way have reserved is known of it still."""
        self.granted_ucr = self.reserved_ucr
        self.left_ucr = 0
        self.used_ucr = 0
        self.unleased_used_ucr = 0
        self.deadline_ms = 0
        self.low_ucr = 0
