"""What a worker does every second beside its calls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final

import structlog

from tallystick.core.errors import TallystickError

PERIOD_S: Final = 1.0

_log = structlog.get_logger(__name__)


class Upkeep:
    """Duties done in turn, again and again; one that fails is reported and tried the next time."""

    def __init__(self, *, period_s: float = PERIOD_S) -> None:
        self._period_s = period_s
        self._duties: list[Callable[[], Awaitable[object] | object]] = []

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
        for duty in self._duties:
            try:
                done = duty()
                if isinstance(done, Awaitable):
                    await done
            except (TallystickError, OSError) as error:
                _log.warning("upkeep_failed", duty=str(duty), why=str(error))

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._period_s)
            await self.do_once()
