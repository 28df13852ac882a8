"""Several gateways, calls, crashes and outages against one chain: no budget is ever overshot.

At every moment, for every account: what has settled, what is recorded, and the most that calls
under way may cost, stay within the limit and the balance. No reservation is ever lost or doubled.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from tests.unit.meter.admission.gateways import (
    BATCH,
    CHAT,
    GatewayProcess,
    create_chain,
)
from tests.unit.meter.admission.model_chain import Fault
from tests.unit.meter.admission.virtual_time import VirtualLoop

from tallystick.meter.admission.errors import BudgetExhausted, LeaseDelayed, NetworkUnreachable
from tallystick.meter.admission.settings import KeeperSettings

METERS = (1, 2, 3)
SETTINGS = KeeperSettings(floor_ucr=10_000, idle_s=60.0, ttl_s=120)

meters = st.sampled_from(METERS)
projects = st.sampled_from((CHAT, BATCH))


class Admission(RuleBasedStateMachine):
    """Three gateways of one network."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = VirtualLoop()
        self.chain = create_chain(balance_ucr=700_000, limit_ucr=1_000_000)
        self.processes = {meter: self.create(meter) for meter in METERS}
        self.calls: set[asyncio.Task[None]] = set()
        for process in self.processes.values():
            self.run_now(self.start(process))

    def create(self, meter: int) -> GatewayProcess:
        return GatewayProcess(self.chain, meter, SETTINGS)

    async def start(self, process: GatewayProcess) -> None:
        process.start([CHAT, BATCH])
        await asyncio.sleep(0)

    def run_now(self, work: Coroutine[Any, Any, None]) -> None:
        self.loop.run_until_complete(work)

    async def call(self, process: GatewayProcess, project: int, cost_ucr: int) -> None:
        with suppress(BudgetExhausted, LeaseDelayed, NetworkUnreachable):
            await process.admit(cost_ucr, project)

    @rule(
        meter=meters,
        project=projects,
        costs=st.lists(st.integers(0, 200_000), min_size=1, max_size=8),
    )
    def calls_come_at_once(self, meter: int, project: int, costs: list[int]) -> None:
        async def come() -> None:
            process = self.processes[meter]
            for cost_ucr in costs:
                task = asyncio.create_task(self.call(process, project, cost_ucr))
                self.calls.add(task)
                task.add_done_callback(self.calls.discard)
            await asyncio.sleep(0)

        self.run_now(come())

    @precondition(lambda self: any(each.reservations for each in self.processes.values()))
    @rule(data=st.data(), part=st.integers(0, 100))
    def call_ends(self, data: st.DataObject, part: int) -> None:
        process = data.draw(
            st.sampled_from([each for each in self.processes.values() if each.reservations])
        )
        reservation = data.draw(st.sampled_from(process.reservations))
        process.finish(reservation, reservation.amount_ucr * part // 100)

    @rule(meter=meters, count=st.integers(1, 10))
    def records_settle(self, meter: int, count: int) -> None:
        self.chain.settle(meter, count)

    @rule(seconds=st.sampled_from((0.1, 1.0, 5.0, 40.0, 130.0)))
    def time_passes(self, seconds: float) -> None:
        self.run_now(asyncio.sleep(seconds))

    @rule(meter=meters, fault=st.sampled_from(("", "before", "after")))
    def network_fails(self, meter: int, fault: Fault) -> None:
        self.processes[meter].source.fault = fault

    @rule(meter=meters, delay_s=st.sampled_from((0.0, 0.3, 3.0)))
    def network_is_slow(self, meter: int, delay_s: float) -> None:
        self.processes[meter].source.delay_s = delay_s

    @rule(meter=meters)
    def process_dies(self, meter: int) -> None:
        self.run_now(self.processes[meter].kill())
        self.processes[meter] = self.create(meter)
        self.run_now(self.start(self.processes[meter]))

    @rule(project=projects, amount_ucr=st.integers(1, 100_000))
    def project_is_granted_more(self, project: int, amount_ucr: int) -> None:
        self.chain.accounts[project].balance_ucr += amount_ucr

    @invariant()
    def no_budget_is_overshot(self) -> None:
        for number, account in self.chain.accounts.items():
            bound_ucr = account.spent_ucr + sum(
                self.compute_bound(project)
                for project in (CHAT, BATCH)
                if account in self.chain.path(project)
            )
            if account.limit_ucr is not None:
                assert bound_ucr <= account.limit_ucr
            if number in (CHAT, BATCH):
                assert self.compute_bound(number) <= account.balance_ucr
                assert not account.overdraft_ucr

    @invariant()
    def leases_conserve(self) -> None:
        for process in self.processes.values():
            for project in (CHAT, BATCH):
                lease = process.gate.lease(project)
                reserved = [each for each in process.reservations if each.project == project]
                assert lease.reserved_ucr == sum(each.amount_ucr for each in reserved)
                assert lease.reserved_ucr + lease.left_ucr <= max(
                    self.chain.lease(project, process.meter).left_ucr, 0
                )

    def compute_bound(self, project: int) -> int:
        """The most that what has not settled may still cost."""
        unsettled_ucr = sum(
            cost_ucr
            for meter, records in self.chain.records.items()
            for owner, cost_ucr in records[self.chain.cursors.get(meter, 0) :]
            if owner == project
        )
        return unsettled_ucr + sum(
            each.amount_ucr
            for process in self.processes.values()
            for each in process.reservations
            if each.project == project
        )

    def teardown(self) -> None:
        """Every lease comes back once calls have ended and records have settled."""

        async def end() -> None:
            for process in self.processes.values():
                process.source.fault = ""
                process.source.delay_s = 0.0
            await asyncio.sleep(20)
            await asyncio.gather(*self.calls)
            for process in self.processes.values():
                for reservation in list(process.reservations):
                    process.finish(reservation, 1)
                self.chain.settle(process.meter)
            await asyncio.gather(*(process.stop() for process in self.processes.values()))

        self.run_now(end())
        self.loop.close()
        for (_, meter), lease in self.chain.leases.items():
            assert not lease.is_open or not self.chain.records.get(meter)


TestAdmission = Admission.TestCase
TestAdmission.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
