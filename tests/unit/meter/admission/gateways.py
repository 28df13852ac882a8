"""A gateway process as far as admission goes: gate, keeper, and a meter that records."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from tests.unit.meter.admission.model_chain import Account, ModelChain, ModelSource
from tests.unit.meter.admission.virtual_time import now_ms

from tallystick.meter.admission.gate import Gate, Reservation
from tallystick.meter.admission.keeper import LeaseKeeper
from tallystick.meter.admission.settings import KeeperSettings

ORG, TEAM, CHAT, BATCH = 1, 2, 3, 4
CREDIT: Final = 1_000_000


def create_chain(
    *, balance_ucr: int = 1_000 * CREDIT, limit_ucr: int | None = None, reset_ms: int | None = None
) -> ModelChain:
    """An organisation with a team of two projects; the limit is the team's."""
    return ModelChain(
        accounts={
            ORG: Account("acme"),
            TEAM: Account("acme/support", ORG, limit_ucr=limit_ucr, reset_ms=reset_ms),
            CHAT: Account("acme/support/chat", TEAM, balance_ucr=balance_ucr),
            BATCH: Account("acme/support/batch", TEAM, balance_ucr=balance_ucr),
        }
    )


@dataclass
class GatewayProcess:
    """One process: what it reserved is lost with it, what it recorded is not."""

    chain: ModelChain
    meter: int = 1
    settings: KeeperSettings = field(default_factory=KeeperSettings)
    gate: Gate = field(default_factory=Gate)
    reservations: list[Reservation] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.source = ModelSource(self.chain, self.meter)
        self.keeper = LeaseKeeper(self.gate, self.source, self.last_seq, now_ms, self.settings)
        self._task: asyncio.Task[None] | None = None

    def last_seq(self) -> int:
        return len(self.chain.records.get(self.meter, [])) - 1

    def start(self, projects: Sequence[int] = ()) -> None:
        self._task = asyncio.create_task(self.keeper.run(projects))

    async def stop(self) -> None:
        """All is given back that can be; no task is left."""
        await self.keeper.aclose()
        if self._task is not None:
            await self._task

    async def kill(self) -> None:
        """The process is gone; calls under way are recorded at their estimate by the next."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        for reservation in self.reservations:
            self.chain.record(self.meter, reservation.project, reservation.amount_ucr)
        self.reservations.clear()

    async def admit(
        self, cost_ucr: int, project: int = CHAT, *, wait_s: float = 5.0, unleased_ucr: int = 0
    ) -> Reservation:
        reservation = await self.gate.admit_soon(
            project, (), cost_ucr, now_ms(), wait_s=wait_s, unleased_ucr=unleased_ucr
        )
        self.reservations.append(reservation)
        return reservation

    def finish(self, reservation: Reservation, cost_ucr: int) -> None:
        """The call has ended: recorded first, settled then."""
        self.reservations.remove(reservation)
        if cost_ucr:
            self.chain.record(self.meter, reservation.project, cost_ucr)
        self.gate.settle(reservation, cost_ucr)


@asynccontextmanager
async def run_gateway(
    chain: ModelChain, *, meter: int = 1, projects: Sequence[int] = (), **settings: float
) -> AsyncIterator[GatewayProcess]:
    """The process runs inside the block."""
    process = GatewayProcess(chain, meter, KeeperSettings(**settings))  # type: ignore[arg-type]
    process.start(projects)
    try:
        yield process
    finally:
        await process.kill()
