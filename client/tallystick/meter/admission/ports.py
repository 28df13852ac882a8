"""What admission needs of the outside world; whoever composes it brings this along."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from tallystick.meter.admission.errors import Why


@dataclass(frozen=True, slots=True)
class LeaseState:
    """A project's lease for this meter, and the room for more, as the chain has it."""

    left_ucr: int
    """What has not settled of it."""
    admit_until_s: int
    """Unix seconds; 0 where there is no lease."""
    nonce: int
    is_open: bool
    is_declared: bool
    room_ucr: int
    """The most that one opening or extension may take."""
    tightest_path: str
    """The account that allows no more."""
    why: Why
    """What allows no more there."""
    reset_ms: int | None = None
    """When there may be more room, in Unix ms; None where no time brings it."""
    granted_ucr: int = 0
    """What the extension that this answers has added; 0 for a mere reading."""
    last_seq: int = 0
    """What was declared, where it was."""
    next_seq: int = 0
    """Where the meter's cursor stands."""
    share_ppm: int = 100_000
    """The share of what is left that one opening may take, in millionths."""


class LeaseSource(Protocol):
    """The network's leases of one meter.

    Every method may raise `NetworkUnreachable`; whatever was asked for may have happened then.
    """

    async def read(self, project: int) -> LeaseState:
        """The lease as it stands."""

    async def extend(self, project: int, amount_ucr: int, admit_until_s: int) -> LeaseState:
        """More is set aside until the later of both deadlines; opens the lease where there is none.

        Args:
            project: the account's id.
            amount_ucr: how much more, at least 1.
            admit_until_s: Unix seconds; a deadline that is too late is taken as the latest allowed.

        Returns:
            The lease after it; `granted_ucr` says what was added.

        Raises:
            LeaseDenied: there is no room for so much.
        """

    async def declare(self, project: int, last_seq: int) -> LeaseState:
        """No record above `last_seq` draws on the lease; one declared before stays as it was."""

    async def release(self, project: int) -> LeaseState:
        """What is left is free again, if the cursor has passed the declared number by now."""


class Refills(Protocol):
    """Who brings a gate more to admit from; `keeper.LeaseKeeper` does."""

    def note_low(self, project: int) -> None:
        """A lease has come down to its low mark. Must not block."""

    async def refill(self, project: int, needed_ucr: int, wait_s: float) -> int:
        """The project's lease covers so much, for the moment.

        Returns:
            The time now, in Unix ms.

        Raises:
            BudgetExhausted: it will not.
            LeaseDelayed: not within `wait_s`.
            NetworkUnreachable: nobody can say.
        """
