"""The Leases contract's rules over accounts in memory, and a gateway's way to them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from tests.unit.meter.admission.virtual_time import now_ms

from tallystick.meter.admission.errors import LeaseDenied, NetworkUnreachable, Why
from tallystick.meter.admission.ports import LeaseState

SHARE = 10
"""An opening takes at most a tenth of what is left."""

Fault = Literal["", "before", "after"]


@dataclass
class Account:
    """One account; only projects hold credits."""

    name: str
    parent: int | None = None
    balance_ucr: int = 0
    limit_ucr: int | None = None
    spent_ucr: int = 0
    leased_ucr: int = 0
    overdraft_ucr: int = 0
    reset_ms: int | None = None


@dataclass
class ChainLease:
    """One project's lease for one meter."""

    left_ucr: int = 0
    admit_until_s: int = 0
    nonce: int = 0
    is_open: bool = False
    is_declared: bool = False
    last_seq: int = 0


@dataclass
class ModelChain:
    """Budgets, leases and cursors."""

    accounts: dict[int, Account] = field(default_factory=dict)
    leases: dict[tuple[int, int], ChainLease] = field(default_factory=dict)
    records: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    """Per meter, settled or not: project and cost."""
    cursors: dict[int, int] = field(default_factory=dict)

    def path(self, project: int) -> Iterator[Account]:
        number: int | None = project
        while number is not None:
            account = self.accounts[number]
            yield account
            number = account.parent

    def lease(self, project: int, meter: int) -> ChainLease:
        return self.leases.setdefault((project, meter), ChainLease())

    def room(self, project: int) -> tuple[int, Why, Account]:
        own = self.accounts[project]
        reserved_ucr = sum(
            lease.left_ucr for (owner, _), lease in self.leases.items() if owner == project
        )
        rooms = [((own.balance_ucr - reserved_ucr) // SHARE, Why.BALANCE, own)]
        for account in self.path(project):
            if account.limit_ucr is None:
                continue
            left_ucr = account.limit_ucr - account.spent_ucr - account.leased_ucr
            rooms.append((max(left_ucr, 0) // SHARE, Why.LIMIT, account))
            if account.spent_ucr >= account.limit_ucr:
                return 0, Why.FROZEN, account
        return min(rooms, key=lambda room: room[0])

    def open(self, project: int, meter: int, amount_ucr: int, until_s: int) -> None:
        room_ucr, why, account = self.room(project)
        if amount_ucr > room_ucr:
            raise LeaseDenied(
                "no room",
                why=why,
                account=account.name,
                room_ucr=room_ucr,
                reset_ms=account.reset_ms,
            )
        assert amount_ucr > 0
        lease = self.lease(project, meter)
        assert not lease.is_declared, "the lease is ending"
        lease.left_ucr += amount_ucr
        lease.admit_until_s = max(until_s, lease.admit_until_s if lease.is_open else 0)
        lease.nonce += 1
        lease.is_open = True
        for above in self.path(project):
            above.leased_ucr += amount_ucr

    def record(self, meter: int, project: int, cost_ucr: int) -> None:
        """The meter has one more record, which settles some day."""
        self.records.setdefault(meter, []).append((project, cost_ucr))

    def settle(self, meter: int, count: int | None = None) -> None:
        """So many more of the meter's records settle."""
        known = self.records.get(meter, [])
        first = self.cursors.get(meter, 0)
        for project, cost_ucr in known[first : None if count is None else first + count]:
            lease = self.lease(project, meter)
            drawn_ucr = min(cost_ucr, lease.left_ucr) if lease.is_open else 0
            lease.left_ucr -= drawn_ucr
            own = self.accounts[project]
            own.balance_ucr -= cost_ucr
            own.overdraft_ucr = max(own.overdraft_ucr, -own.balance_ucr)
            for account in self.path(project):
                account.leased_ucr -= drawn_ucr
                account.spent_ucr += cost_ucr
            self.cursors[meter] = self.cursors.get(meter, 0) + 1

    def release(self, project: int, meter: int) -> None:
        lease = self.lease(project, meter)
        assert lease.is_declared, "in use"
        assert self.cursors.get(meter, 0) > lease.last_seq, "in use"
        for account in self.path(project):
            account.leased_ucr -= lease.left_ucr
        self.leases[(project, meter)] = ChainLease(nonce=lease.nonce)


@dataclass
class ModelSource:
    """The leases of one meter, with faults on demand."""

    chain: ModelChain
    meter: int
    fault: Fault = ""
    """Whether asking fails, and whether before or after it had its effect."""
    delay_s: float = 0.0
    max_ttl_s: int = 900
    asked: list[str] = field(default_factory=list)
    openings: list[int] = field(default_factory=list)
    _uncounted: dict[int, int] = field(default_factory=dict)

    async def read(self, project: int) -> LeaseState:
        await self._begin("read")
        return self._state(project)

    async def extend(self, project: int, amount_ucr: int, admit_until_s: int) -> LeaseState:
        await self._begin("extend")
        lease = self.chain.lease(project, self.meter)
        granted_ucr = self._uncounted.pop(project, 0)
        if granted_ucr or lease.is_declared:
            return self._state(project, granted_ucr)
        latest_s = now_ms() // 1_000 + self.max_ttl_s
        self.chain.open(project, self.meter, amount_ucr, min(admit_until_s, latest_s))
        self.openings.append(amount_ucr)
        if self.fault == "after":
            self._uncounted[project] = amount_ucr
        self._end()
        return self._state(project, amount_ucr)

    async def declare(self, project: int, last_seq: int) -> LeaseState:
        await self._begin("declare")
        lease = self.chain.lease(project, self.meter)
        if lease.is_open and not lease.is_declared:
            lease.is_declared, lease.last_seq = True, last_seq
            self._uncounted.pop(project, None)
        self._end()
        return self._state(project)

    async def release(self, project: int) -> LeaseState:
        await self._begin("release")
        state = self._state(project)
        if state.is_open and state.next_seq > state.last_seq:
            self.chain.release(project, self.meter)
        self._end()
        return self._state(project)

    async def _begin(self, what: str) -> None:
        self.asked.append(what)
        await asyncio.sleep(self.delay_s)
        if self.fault == "before":
            raise NetworkUnreachable("nobody answers")

    def _end(self) -> None:
        if self.fault == "after":
            raise NetworkUnreachable("the answer was lost")

    def _state(self, project: int, granted_ucr: int = 0) -> LeaseState:
        lease = self.chain.lease(project, self.meter)
        room_ucr, why, account = self.chain.room(project)
        return LeaseState(
            left_ucr=lease.left_ucr,
            admit_until_s=lease.admit_until_s,
            nonce=lease.nonce,
            is_open=lease.is_open,
            is_declared=lease.is_declared,
            room_ucr=max(room_ucr, 0),
            tightest_path=account.name,
            why=why,
            reset_ms=account.reset_ms,
            granted_ucr=granted_ucr,
            last_seq=lease.last_seq,
            next_seq=self.chain.cursors.get(self.meter, 0),
        )
