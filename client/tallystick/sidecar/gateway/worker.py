"""One worker of a gateway: `python -m tallystick.sidecar.gateway.worker NUMBER`, orders on stdin.

It says `ready` on stdout once it takes calls, and ends when it is told to or when its parent has
died: its standard input closes then.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import sys
from typing import Final

import structlog
import uvloop

from tallystick.core.errors import TallystickError
from tallystick.sidecar.gateway.composition import run_worker
from tallystick.sidecar.gateway.orders import Orders, parse_orders
from tallystick.sidecar.gateway.workers import READY
from tallystick.sidecar.logs import configure_logs

MAX_ORDERS_BYTES: Final = 4 << 20
MAX_NESTING: Final = 1_000
"""Of JSON that is decoded here. Some libraries of the chain raise Python's own bound so far that a
small body could overflow the stack; workers load none of them, and this holds if one ever does."""

_log = structlog.get_logger(__name__)


def main() -> int:
    """The exit code of one worker."""
    number = int(sys.argv[1])
    orders = parse_orders(sys.stdin.buffer.readline(MAX_ORDERS_BYTES))
    configure_logs(gathers=True, gateway=orders.config.name, worker=number)
    try:
        uvloop.run(_serve(orders, number))
    except TallystickError as error:
        _log.error("worker_failed", **error.as_dict())
        return error.exit_code
    return 0


async def _serve(orders: Orders, number: int) -> None:
    """Calls are taken until somebody says stop."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for ending in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(ending, stopping.set)
    watch = asyncio.create_task(_watch_parent(stopping))
    async with run_worker(orders, number) as keeping:
        # What is alive now stays so: no collection needs to look at it again.
        gc.collect()
        gc.freeze()
        sys.setrecursionlimit(MAX_NESTING)
        os.write(sys.stdout.fileno(), READY + b"\n")
        _log.info("worker_ready", port=orders.port)
        keeping.add_done_callback(lambda _: stopping.set())
        await stopping.wait()
        _log.info("worker_stopping")
    watch.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await watch
    await keeping


async def _watch_parent(stopping: asyncio.Event) -> None:
    """The parent has died, or has closed the pipe: nobody would end this worker otherwise."""
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin.buffer)
    while await reader.read(1024):
        pass
    stopping.set()


if __name__ == "__main__":
    sys.exit(main())
