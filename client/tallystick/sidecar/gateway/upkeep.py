"""What a worker does every second beside its calls."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final

import structlog

from tallystick.core.errors import TallystickError

PERIOD_S: Final = 1.0

_log = structlog.get_logger(__name__)


class Upkeep:
    """Duties done in turn, again and again; one that fails is reported and tried the next time."""

    def __init__(
        self, *, period_s: float = PERIOD_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._period_s = period_s
        self._duties: list[Callable[[], Awaitable[object] | object]] = []
        self._clock = clock
        self._busy_since_s: float | None = None

    @property
    def age_s(self) -> float:
        """For how long the round of duties under way has taken; 0 between two rounds."""
        return 0.0 if self._busy_since_s is None else self._clock() - self._busy_since_s

    def add(self, *duties: Callable[[], Awaitable[object] | object]) -> None:
        """These are done as well; none may take long without awaiting."""
        self._duties += duties

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """The duties are done inside the block."""
        task = asyncio.create_task(self._run())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def do_once(self) -> None:
        """Every duty has been done, or has said why not."""
        self._busy_since_s = self._clock()
        for duty in self._duties:
            try:
                done = duty()
                if isinstance(done, Awaitable):
                    await done
            except (TallystickError, OSError) as error:
                _log.warning("upkeep_failed", duty=str(duty), why=str(error))
        self._busy_since_s = None

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._period_s)
            await self.do_once()
