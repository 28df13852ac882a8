"""The parent of a gateway's workers: starts them, restarts one that died, ends them in order.

Workers share nothing but a port, so that one that dies takes along the calls it was relaying and
no others; what it had recorded is settled by the one that takes its place.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import structlog

from tallystick.sidecar.errors import WorkersFailing
from tallystick.sidecar.gateway.orders import Orders, encode_orders

READY: Final = b"ready"
START_S: Final = 60.0
FIRST_PAUSE_S: Final = 0.1
LONGEST_PAUSE_S: Final = 10.0
STABLE_S: Final = 10.0
"""A worker that lived this long is restarted at once."""

_log = structlog.get_logger(__name__)


class Workers:
    """The workers of one gateway.

    Args:
        orders: what each is told.
        patience_s: how long they may take to end their calls and settle.
    """

    def __init__(self, orders: Orders, patience_s: float) -> None:
        self._orders = orders
        self._patience_s = patience_s
        self._stopping = asyncio.Event()
        self._processes: dict[int, asyncio.subprocess.Process] = {}
        self.restarts = 0
        """How often one was started anew."""

    @property
    def pids(self) -> list[int]:
        """Of those that run, by number."""
        return [self._processes[number].pid for number in sorted(self._processes)]

    async def run(self, on_ready: Callable[[], None]) -> None:
        """The workers serve until `stop`.

        Args:
            on_ready: called when all of them do.

        Raises:
            WorkersFailing: one of them could not start; the others were ended.
        """
        numbers = range(len(self._orders.meters))
        started = await asyncio.gather(
            *(self._start(number) for number in numbers), return_exceptions=True
        )
        failures = [each for each in started if isinstance(each, BaseException)]
        if failures:
            self.stop()
            await asyncio.gather(*(self._end(number) for number in list(self._processes)))
            raise failures[0]
        on_ready()
        await asyncio.gather(*(self._keep(number) for number in numbers))

    def stop(self) -> None:
        """No call is accepted any more; `run` returns when those under way have ended.

        A second time: workers are killed; what they recorded settles at the next start.
        """
        number = signal.SIGKILL if self._stopping.is_set() else signal.SIGTERM
        self._stopping.set()
        for process in self._processes.values():
            with suppress(ProcessLookupError):
                process.send_signal(number)

    async def _keep(self, number: int) -> None:
        """The worker of this number runs, started anew whenever it ends, until `stop`."""
        pause_s = FIRST_PAUSE_S
        while True:
            began_s = time.monotonic()
            code = await self._wait(number)
            if self._stopping.is_set():
                return
            if time.monotonic() - began_s > STABLE_S:
                pause_s = FIRST_PAUSE_S
            _log.error("worker_ended", worker=number, exit_code=code, restarted_in_s=pause_s)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause_s)
                return
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
            with suppress(WorkersFailing):
                await self._start(number)
                self.restarts += 1

    async def _wait(self, number: int) -> int | None:
        """The worker has ended; asked to, it is killed once it takes too long."""
        process = self._processes.get(number)
        if process is None:
            return None
        ending = asyncio.create_task(process.wait())
        stopping = asyncio.create_task(self._stopping.wait())
        await asyncio.wait({ending, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not ending.done():
            await asyncio.wait({ending}, timeout=self._patience_s)
        if not ending.done():
            _log.error("worker_killed", worker=number, waited_s=self._patience_s)
            process.kill()
        self._processes.pop(number, None)
        return await ending

    async def _end(self, number: int) -> None:
        await self._wait(number)

    async def _start(self, number: int) -> None:
        """The worker of this number serves.

        Raises:
            WorkersFailing: it ended instead, or took too long.
        """
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tallystick.sidecar.gateway.worker", str(number)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        self._processes[number] = process
        assert process.stdin is not None  # noqa: S101 - pipes were asked for
        assert process.stdout is not None  # noqa: S101 - as above
        # The pipe stays open: when it closes, the parent has died, and the worker ends by itself.
        process.stdin.write(encode_orders(self._orders))
        line = b""
        with suppress(TimeoutError, ConnectionError):
            await process.stdin.drain()
            line = await asyncio.wait_for(process.stdout.readline(), START_S)
        if line.strip() != READY:
            with suppress(ProcessLookupError):
                process.kill()
            code = await process.wait()
            self._processes.pop(number, None)
            raise WorkersFailing(
                f"worker {number} of the gateway did not start; what it printed says why",
                expected=READY.decode(),
                actual=f"exit code {code}",
            )
        if self._stopping.is_set():
            process.send_signal(signal.SIGTERM)
