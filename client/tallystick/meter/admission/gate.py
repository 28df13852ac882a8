"""The gate: whether a call may be sent, decided in memory, in one step.

One process, one event loop: no lock, and no await inside a decision, so that any number of calls at
once see each other's reservations. The order is lease, then caps; all levels give or none does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from tallystick.meter.admission.errors import (
    BudgetExhausted,
    NetworkUnreachable,
    ReservationSettled,
    Why,
)
from tallystick.meter.admission.lease import Lease
from tallystick.meter.admission.ports import Refills
from tallystick.meter.admission.purse import Purse

WAIT_S: Final = 5.0


class Reservation:
    """A call's greatest possible cost, taken from every level until it is settled.

    Made by the gate alone.
    """

    __slots__ = ("amount_ucr", "caps", "lease")

    is_unleased = False
    """Whether it was admitted without a lease, as the network could not be reached."""

    def __init__(self, lease: Lease, caps: Sequence[Purse] | None, amount_ucr: int) -> None:
        self.lease = lease
        self.caps = caps
        """None once it is settled."""
        self.amount_ucr = amount_ucr

    @property
    def project(self) -> int:
        """Whose credits."""
        return self.lease.project


class UnleasedReservation(Reservation):
    """One that no lease covers."""

    __slots__ = ()

    is_unleased = True


class Gate:
    """Admits calls of one gateway process.

    Args:
        refills: who extends leases; None = what was granted is all there is.
    """

    __slots__ = ("_leases", "_refills", "overrun_ucr", "overruns", "refusals", "unleased")

    def __init__(self, refills: Refills | None = None) -> None:
        self._leases: dict[int, Lease] = {}
        self._refills = refills
        self.overruns = 0
        """Calls that cost more than they had reserved."""
        self.overrun_ucr = 0
        """By how much, in all."""
        self.unleased = 0
        """Calls admitted without a lease."""
        self.refusals: dict[Why, int] = dict.fromkeys(Why, 0)
        """Calls refused, by what allowed no more."""

    def attach(self, refills: Refills) -> None:
        """Leases are extended by this from now on."""
        self._refills = refills

    def lease(self, project: int) -> Lease:
        """What is held for a project; nothing is granted yet where it is new."""
        lease = self._leases.get(project)
        if lease is None:
            lease = self._leases[project] = Lease(project)
        return lease

    def left_ucr(self, project: int) -> int:
        """What can still be reserved for a project, in ucr; never negative."""
        lease = self._leases.get(project)
        return max(lease.left_ucr, 0) if lease is not None else 0

    def charge(self, project: int, cost_ucr: int) -> None:
        """Use of the project that passed no gate, but settles by this meter, draws on its lease."""
        self.lease(project).charge(cost_ucr)

    def admit(
        self, project: int, caps: Sequence[Purse], max_cost_ucr: int, now_ms: int
    ) -> Reservation:
        """The cost is reserved at every level.

        Args:
            project: whose lease; it carries every account's limit, or the chain had refused it.
            caps: further levels, each at most once.
            max_cost_ucr: the most the call can cost, see `bounds`.
            now_ms: Unix ms on the network.

        Raises:
            BudgetExhausted: a level has not enough; nothing was reserved anywhere.
        """
        try:
            lease = self._leases[project]
        except KeyError:
            lease = self.lease(project)
        left_ucr = lease.left_ucr - max_cost_ucr
        if left_ucr < lease.low_ucr or now_ms >= lease.deadline_ms or max_cost_ucr < 0:
            self._look_at(lease, max_cost_ucr, now_ms)
        for cap in caps:
            if now_ms >= cap.next_ms:
                cap.roll(now_ms)
            cap.left_ucr = rest_ucr = cap.left_ucr - max_cost_ucr
            if rest_ucr < 0:
                _give_back(caps, cap, max_cost_ucr)
                raise self._refuse_cap(cap, max_cost_ucr)
        lease.left_ucr = left_ucr
        return Reservation(lease, caps, max_cost_ucr)

    async def admit_soon(
        self,
        project: int,
        caps: Sequence[Purse],
        max_cost_ucr: int,
        now_ms: int,
        *,
        wait_s: float = WAIT_S,
        unleased_ucr: int = 0,
    ) -> Reservation:
        """The same, but where only the lease is short, it is extended first.

        Args:
            project: as in `admit`.
            caps: as in `admit`.
            max_cost_ucr: as in `admit`.
            now_ms: as in `admit`.
            wait_s: how long at most.
            unleased_ucr: how much of a project may be admitted while the network cannot be reached,
                0 = nothing.

        Raises:
            BudgetExhausted: a level has not enough and will not have it soon.
            LeaseDelayed: not within `wait_s`.
            NetworkUnreachable: nobody can say, and the key admits nothing then.
        """
        lease = self.lease(project)
        until_s = 0.0
        while not 0 <= max_cost_ucr <= lease.left_ucr or now_ms >= lease.deadline_ms:
            self._check(caps, max_cost_ucr, now_ms)
            if self._refills is None or max_cost_ucr < 0:
                raise self._refuse_lease(lease, max_cost_ucr)
            loop_s = asyncio.get_running_loop().time()
            until_s = until_s or loop_s + wait_s
            try:
                now_ms = await self._refills.refill(project, max_cost_ucr, until_s - loop_s)
            except NetworkUnreachable:
                if not unleased_ucr:
                    raise
                return self._admit_unleased(lease, caps, max_cost_ucr, now_ms, unleased_ucr)
            except BudgetExhausted as error:
                self.refusals[error.why] += 1
                raise
        return self.admit(project, caps, max_cost_ucr, now_ms)

    def settle(self, reservation: Reservation, cost_ucr: int) -> None:
        """The call has cost so much; the rest of its reservation is left again.

        What it cost beyond its reservation is taken too, even where nothing is left: nothing more
        is admitted then until it is refilled. Settle once the call's records have their numbers.

        Args:
            reservation: of this gate.
            cost_ucr: 0 where nothing was used.

        Raises:
            ReservationSettled: it was settled before; nothing has changed.
        """
        caps = reservation.caps
        if caps is None:
            raise ReservationSettled("a reservation is settled once")
        if cost_ucr < 0:
            raise ValueError("a call costs nothing or more")
        reservation.caps = None
        rest_ucr = reservation.amount_ucr - cost_ucr
        lease = reservation.lease
        lease.left_ucr += rest_ucr
        lease.used_ucr += cost_ucr
        for cap in caps:
            cap.left_ucr += rest_ucr
            cap.used_ucr += cost_ucr
        if rest_ucr < 0:
            self.overruns += 1
            self.overrun_ucr -= rest_ucr
        if reservation.is_unleased:
            lease.unleased_reserved_ucr -= reservation.amount_ucr
            lease.unleased_used_ucr += cost_ucr

    def _admit_unleased(
        self,
        lease: Lease,
        caps: Sequence[Purse],
        max_cost_ucr: int,
        now_ms: int,
        bound_ucr: int,
    ) -> Reservation:
        """The cost is reserved although no lease covers it, as far as the bound goes."""
        left_ucr = bound_ucr - lease.unleased_reserved_ucr - lease.unleased_used_ucr
        if max_cost_ucr > left_ucr:
            self.refusals[Why.BOUND] += 1
            raise BudgetExhausted(
                "the network cannot be reached, and what may be admitted meanwhile is used up",
                why=Why.BOUND,
                account="",
                needed_ucr=max_cost_ucr,
                remaining_ucr=left_ucr,
            )
        self._check(caps, max_cost_ucr, now_ms)
        for cap in caps:
            cap.left_ucr -= max_cost_ucr
        lease.left_ucr -= max_cost_ucr
        lease.unleased_reserved_ucr += max_cost_ucr
        self.unleased += 1
        return UnleasedReservation(lease, caps, max_cost_ucr)

    def _check(self, caps: Sequence[Purse], max_cost_ucr: int, now_ms: int) -> None:
        for cap in caps:
            if now_ms >= cap.next_ms:
                cap.roll(now_ms)
            if cap.left_ucr < max_cost_ucr:
                raise self._refuse_cap(cap, max_cost_ucr)

    def _look_at(self, lease: Lease, max_cost_ucr: int, now_ms: int) -> None:
        """The lease covers the call; its keeper hears that it is low, once until its next mark."""
        if not 0 <= max_cost_ucr <= lease.left_ucr or now_ms >= lease.deadline_ms:
            raise self._refuse_lease(lease, max_cost_ucr)
        lease.low_ucr = 0
        if self._refills is not None:
            self._refills.note_low(lease.project)

    def _refuse_cap(self, cap: Purse, needed_ucr: int) -> BudgetExhausted:
        self.refusals[cap.why] += 1
        return BudgetExhausted(
            f"the cap {cap.name} has not enough left",
            why=cap.why,
            account=cap.name,
            needed_ucr=needed_ucr,
            remaining_ucr=cap.left_ucr,
            reset_ms=cap.compute_reset_ms(needed_ucr),
        )

    def _refuse_lease(self, lease: Lease, needed_ucr: int) -> BudgetExhausted:
        if needed_ucr < 0:
            raise ValueError("a call costs nothing or more")
        self.refusals[Why.LEASE] += 1
        return BudgetExhausted(
            "not enough is set aside for the project",
            why=Why.LEASE,
            account="",
            needed_ucr=needed_ucr,
            remaining_ucr=lease.left_ucr,
        )


def _give_back(caps: Sequence[Purse], last: Purse, amount_ucr: int) -> None:
    """The caps up to the last one that was taken from have it back."""
    for cap in caps:
        cap.left_ucr += amount_ucr
        if cap is last:
            return
