"""Why a call is not admitted. Leaves of the core's tree."""

from __future__ import annotations

from enum import StrEnum

from tallystick.core.errors import FatalFailure, InvalidInput, TemporaryFailure


class Why(StrEnum):
    """What allows no more."""

    BALANCE = "balance"
    """The project's own credits."""
    LIMIT = "limit"
    """The limit of the project or an account above it."""
    RATE = "rate"
    """The rate of the project or an account above it."""
    FROZEN = "frozen"
    """The project or an account above it has an overdraft, or has spent its limit."""
    INACTIVE = "inactive"
    """The project or an account above it is closed."""
    METER = "meter"
    """The meter may not bill the project: frozen, closed, or bound elsewhere."""
    LEASE = "lease"
    """Nothing has been set aside for the project yet, or no longer."""
    CAP = "cap"
    """A cap of the key or the user in this gateway."""
    RATE_CAP = "rate_cap"
    """A rate of the key or the user in this gateway."""
    BOUND = "bound"
    """The bound up to which the gateway admits while the network cannot be reached."""


class BudgetExhausted(InvalidInput):
    """A call may cost more than is left; nothing was sent.

    Args:
        message: one sentence.
        why: what allows no more.
        account: its path, or the cap's name.
        needed_ucr: the call's greatest possible cost.
        remaining_ucr: what is left there, never negative.
        reset_ms: when there may be more, in Unix ms; None where no time brings it.
    """

    code = "budget_exhausted"
    http_status = 429

    def __init__(
        self,
        message: str,
        *,
        why: Why,
        account: str,
        needed_ucr: int,
        remaining_ucr: int,
        reset_ms: int | None = None,
    ) -> None:
        self.why = why
        self.account = account
        self.needed_ucr = needed_ucr
        self.remaining_ucr = max(remaining_ucr, 0)
        self.reset_ms = reset_ms
        super().__init__(
            message, expected=f"at most {self.remaining_ucr} ucr", actual=f"{needed_ucr} ucr"
        )


class LeaseDenied(InvalidInput):
    """The chain sets nothing aside, or not so much.

    Args:
        message: one sentence.
        why: what allows no more.
        account: the path of the account that has no room.
        room_ucr: the most that one opening may take there.
        reset_ms: when there may be more, in Unix ms; None where no time brings it.
    """

    code = "lease_denied"
    http_status = 429

    def __init__(
        self, message: str, *, why: Why, account: str, room_ucr: int, reset_ms: int | None = None
    ) -> None:
        self.why = why
        self.account = account
        self.room_ucr = room_ucr
        self.reset_ms = reset_ms
        super().__init__(message, expected=f"at most {room_ucr} ucr", actual=account)


class NetworkUnreachable(TemporaryFailure):
    """Nobody could be asked to set credits aside, or not in time."""

    code = "network_unreachable"


class LeaseDelayed(TemporaryFailure):
    """The network answers, and has not set enough aside in time; the same call may pass soon."""

    code = "lease_delayed"


class ReservationSettled(FatalFailure):
    """A reservation was settled a second time; the first one counts."""

    code = "reservation_settled"
