"""What the chain's room for leases means for a call."""

from __future__ import annotations

from typing import Final

from tallystick.core.units import PPM
from tallystick.meter.admission.errors import BudgetExhausted, LeaseDenied, Why
from tallystick.meter.admission.ports import LeaseState

SHARED: Final = frozenset({Why.BALANCE, Why.LIMIT})
"""Where an opening takes a share of what is left, so that the next one may take more."""
WORDS: Final = {
    Why.BALANCE: "the project has too few credits left",
    Why.LIMIT: "too little is left of a limit",
    Why.RATE: "too little is left of a rate",
    Why.FROZEN: "an account is frozen",
    Why.INACTIVE: "an account is closed",
    Why.METER: "this meter may not bill the project",
}


def compute_attainable_ucr(state: LeaseState) -> int:
    """What repeated openings could add in all, if nobody else took anything meanwhile."""
    if state.why in SHARED:
        return state.room_ucr * PPM // max(state.share_ppm, 1)
    return state.room_ucr


def explain_shortage(state: LeaseState, left_ucr: int, needed_ucr: int) -> BudgetExhausted:
    """Why a call that needs so much is not admitted.

    Args:
        state: of the lease, with the room there is.
        left_ucr: what the lease still has.
        needed_ucr: the call's greatest cost.
    """
    words = WORDS.get(state.why, "there is no room")
    return BudgetExhausted(
        f"{words}: {state.tightest_path}" if state.tightest_path else words,
        why=state.why,
        account=state.tightest_path,
        needed_ucr=needed_ucr,
        remaining_ucr=max(left_ucr, 0) + compute_attainable_ucr(state),
        reset_ms=state.reset_ms,
    )


def explain_denial(denial: LeaseDenied, needed_ucr: int) -> BudgetExhausted:
    """Why a call that needs so much is not admitted, where the chain says nothing of the lease."""
    return BudgetExhausted(
        denial.message,
        why=denial.why,
        account=denial.account,
        needed_ucr=needed_ucr,
        remaining_ucr=denial.room_ucr,
        reset_ms=denial.reset_ms,
    )
