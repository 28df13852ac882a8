"""The keeper: every lease of one gateway process, each in a task of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress

import structlog

from tallystick.core.errors import TallystickError
from tallystick.meter.admission.gate import Gate
from tallystick.meter.admission.holding import Holding, Ledger
from tallystick.meter.admission.ports import LeaseSource
from tallystick.meter.admission.settings import KeeperSettings

POLL_S = 0.25

_log = structlog.get_logger(__name__)


class LeaseKeeper:
    """Extends the leases of a gate. Run `run` in a task, and `aclose` when calls have ended.

    Args:
        gate: what it keeps leases for.
        source: the network's leases of this process's meter.
        last_seq: the meter's last record, -1 before the first, those recovered included; a call's
            reservation is settled only once its records count here.
        clock: Unix ms on the network.
        settings: how leases are kept.
    """

    def __init__(
        self,
        gate: Gate,
        source: LeaseSource,
        last_seq: Callable[[], int],
        clock: Callable[[], int],
        settings: KeeperSettings | None = None,
    ) -> None:
        self._gate = gate
        self._clock = clock
        first_seq = last_seq() + 1
        self._ledger = Ledger(source, clock, last_seq, first_seq, settings or KeeperSettings())
        self._holdings: dict[int, Holding] = {}
        self._group: asyncio.TaskGroup | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._closing = asyncio.Event()
        gate.attach(self)

    @property
    def is_unreachable(self) -> bool:
        """Whether the network did not answer about some lease when it was last asked."""
        return any(holding.is_unreachable for holding in self._holdings.values())

    async def run(self, projects: Iterable[int] = ()) -> None:
        """Leases are kept until `aclose`.

        Args:
            projects: those that calls may bill; what an earlier process of this meter has left of
                their leases counts as used up, and is given back.
        """
        async with asyncio.TaskGroup() as group:
            self._group = group
            for project, holding in self._holdings.items():
                self._start(project, holding)
            for project in projects:
                self._hold(project).wake()
            await self._closing.wait()
            for task in self._tasks:
                task.cancel()

    def note_low(self, project: int) -> None:
        """The project's lease is looked at at once."""
        self._hold(project).wake()

    async def refill(self, project: int, needed_ucr: int, wait_s: float) -> int:
        """The project's lease covers so much, for the moment; see `ports.Refills`."""
        await self._hold(project).refill(needed_ucr, wait_s)
        return self._clock()

    async def aclose(self, timeout_s: float = 10.0) -> None:
        """Leases are declared, and released as far as records settle in time.

        Call it when no call is under way: a lease that one draws on stays open, and the meter's
        next process gives it back.
        """
        self._closing.set()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(self._end(each, timeout_s) for each in self._holdings.values()))

    async def _end(self, holding: Holding, timeout_s: float) -> None:
        """Asked for until it has happened: a network that does not answer now may in a moment."""
        failure: dict[str, str | int | None] = {}
        is_ended = False
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while not is_ended:
                    try:
                        is_ended = await holding.end()
                    except TallystickError as error:
                        failure = error.as_dict()
                    if not is_ended:
                        await asyncio.sleep(POLL_S)
        if not is_ended:
            _log.warning("lease_left_open", project=holding.project, **failure)

    def _hold(self, project: int) -> Holding:
        holding = self._holdings.get(project)
        if holding is None:
            holding = Holding(self._gate.lease(project), self._ledger)
            self._holdings[project] = holding
            if self._group is not None:
                self._start(project, holding)
        return holding

    def _start(self, project: int, holding: Holding) -> None:
        if self._group is not None:
            self._tasks.append(self._group.create_task(holding.run(), name=f"lease {project}"))
