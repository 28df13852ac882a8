"""What the chain says about one meter's leases, in the words of admission."""

from __future__ import annotations

import asyncio
from typing import Any, Final, TypeVar

from tallystick.chain.bindings.budgets import Budget, Budgets, FrozenWhy, PeriodKind
from tallystick.chain.bindings.cursors import Cursors
from tallystick.chain.bindings.leases import Lease, Leases, Tightest
from tallystick.chain.calls import View, Write
from tallystick.chain.errors import RpcRefused, TransactionReverted
from tallystick.chain.reader import LATEST, PENDING, read_view, read_views
from tallystick.chain.reverts import explain_refusal
from tallystick.core.errors import TallystickError
from tallystick.core.settlement import Cursor
from tallystick.meter.admission.errors import LeaseDenied, NetworkUnreachable, Why
from tallystick.meter.admission.ports import LeaseState
from tallystick.sidecar.site import Site

MS_PER_S: Final = 1_000
WHY: Final = {
    Tightest.NOTHING: Why.BALANCE,
    Tightest.BALANCE: Why.BALANCE,
    Tightest.LIMIT: Why.LIMIT,
    Tightest.RATE: Why.RATE,
    Tightest.FROZEN: Why.FROZEN,
    Tightest.INACTIVE: Why.INACTIVE,
}
NOT_OURS: Final = frozenset({"MeterMayNotBill", "LeaseSignatureInvalid", "AccountUnknown"})

T = TypeVar("T")


class LeaseChain:
    """Reads one meter's leases, and tries calls about them.

    Args:
        site: the network.
        meter: its id.
    """

    def __init__(self, site: Site, meter: int) -> None:
        addresses = site.network.addresses
        self._site = site
        self._meter = meter
        self._leases = Leases(addresses.leases)
        self._cursors = Cursors(addresses.cursors)
        self._budgets = Budgets(addresses.budgets)

    async def read(self, project: int) -> LeaseState:
        """The lease as the chain's newest block has it, the room as the next one would find it.

        Raises:
            NetworkUnreachable, LeaseDenied.
        """
        (lease, cursor), room, terms = await asyncio.gather(
            self._read_standing(project),
            self._ask(self._leases.room_of(project), block=PENDING),
            self._ask(self._leases.terms(), block=PENDING),
        )
        budget = await self._ask(self._budgets.budget_of(room.account), block=PENDING)
        return LeaseState(
            left_ucr=lease.left_ucr,
            admit_until_s=lease.admit_until_s,
            nonce=lease.nonce,
            is_open=lease.is_open,
            is_declared=lease.is_declared,
            room_ucr=room.room_ucr,
            tightest_path=self._site.directory.path_of(room.account),
            why=WHY[room.why],
            reset_ms=self._compute_reset_ms(WHY[room.why], budget),
            last_seq=lease.last_seq,
            next_seq=cursor.next_seq,
            share_ppm=terms.share_ppm // 2 if budget.is_soft_crossed else terms.share_ppm,
        )

    async def read_lease(self, project: int) -> Lease:
        """The lease alone, as the newest block has it."""
        return await self._ask(self._leases.lease_of(project, self._meter))

    async def simulate(self, write: Write[Any]) -> None:
        """The chain would carry the call out in its next block.

        Raises:
            TransactionReverted: it would not.
            NetworkUnreachable: it does not answer.
        """
        call = {"to": write.to, "data": "0x" + write.data.hex()}
        try:
            await self._site.rpc.call("eth_call", call, PENDING)
        except RpcRefused as refusal:
            explained = explain_refusal(refusal)
            if isinstance(explained, TransactionReverted):
                raise explained from refusal
            raise NetworkUnreachable(str(refusal)) from refusal
        except TallystickError as error:
            raise NetworkUnreachable(str(error)) from error

    async def check(self, write: Write[Any]) -> None:
        """The same.

        Raises:
            LeaseDenied, NetworkUnreachable: it would not.
        """
        try:
            await self.simulate(write)
        except TransactionReverted as refusal:
            raise await self.deny(refusal) from refusal

    async def deny(self, refusal: TransactionReverted) -> TallystickError:
        """The refusal in the words of admission."""
        if refusal.error_name in NOT_OURS:
            return LeaseDenied(str(refusal), why=Why.METER, account="", room_ucr=0)
        if refusal.error_name != "LeaseRefused":
            return NetworkUnreachable(str(refusal))
        account = read_number(refusal, "account")
        why = WHY[Tightest(read_number(refusal, "why"))]
        budget = await self._ask(self._budgets.budget_of(account), block=PENDING)
        return LeaseDenied(
            "the chain leaves no room for the lease",
            why=why,
            account=self._site.directory.path_of(account),
            room_ucr=read_number(refusal, "roomUcr"),
            reset_ms=self._compute_reset_ms(why, budget),
        )

    async def _read_standing(self, project: int) -> tuple[Lease, Cursor]:
        """Lease and cursor of one block: what has settled is what was drawn."""
        views: list[View[Any]] = [
            self._leases.lease_of(project, self._meter),
            self._cursors.cursors_of([self._meter]),
        ]
        try:
            _, (lease, cursors) = await read_views(self._site.rpc, views)
        except TallystickError as error:
            raise NetworkUnreachable(str(error)) from error
        return lease, cursors[0]

    async def _ask(self, view: View[T], *, block: str = LATEST) -> T:
        try:
            return await read_view(self._site.rpc, view, block=block)
        except TransactionReverted as refusal:
            raise LeaseDenied(str(refusal), why=Why.METER, account="", room_ucr=0) from refusal
        except TallystickError as error:
            raise NetworkUnreachable(str(error)) from error

    def _compute_reset_ms(self, why: Why, budget: Budget) -> int | None:
        """When there may be more room: at the period's end, or when the rate's bucket is full."""
        if why is Why.RATE and budget.rate_ucr:
            missing_ucr = budget.rate_ucr - budget.rate_level_ucr
            wait_s = -(-missing_ucr * budget.rate_window_s // budget.rate_ucr)
            return self._site.clock() + wait_s * MS_PER_S
        is_period = budget.period_kind is not PeriodKind.NONE
        is_limited = why is Why.LIMIT or (
            why is Why.FROZEN and FrozenWhy.OVERDRAFT not in budget.frozen_why
        )
        return budget.period_end_s * MS_PER_S if is_period and is_limited else None


def read_number(refusal: TransactionReverted, name: str) -> int:
    """One argument of a refusal, 0 where it has none."""
    value = refusal.arguments.get(name)
    return value if isinstance(value, int) else 0
