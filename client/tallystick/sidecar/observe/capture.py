"""Captures: read in a thread of their own, since a pipe may bring nothing for hours."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from typing import Any, BinaryIO, Final

from tallystick.meter.passive.capture import find_exchanges
from tallystick.meter.passive.exchange import Observation, read_exchange
from tallystick.meter.passive.packets import read_segments
from tallystick.sidecar.observe.observer import Counts, Observer, ObserverSettings, observe

CALLS_AT_ONCE: Final = 200
"""Entered together, so that they wait for the disk once."""


def observe_capture(settings: ObserverSettings, stream: BinaryIO) -> Counts:
    """Every call in a capture is recorded, held or counted as lost.

    Args:
        settings: of the observer.
        stream: pcap or pcapng, to its end or until the process is told to end.

    Raises:
        CaptureUnreadable: it is neither.
    """

    async def work(observer: Observer) -> None:
        await _run_beside(observer, lambda: _read_capture(observer, stream))

    return observe(settings, work)


def _read_capture(observer: Observer, stream: BinaryIO) -> None:
    tally = observer.book.tally
    exchanges = find_exchanges(read_segments(stream), tally)
    seen = (read_exchange(each, tally) for each in exchanges)
    observations = (each for each in seen if each is not None)
    for batch in _gather(observations):
        if observer.stopping.is_set():
            return
        observer.book.enter(batch)


def _gather(observations: Iterator[Observation]) -> Iterator[list[Observation]]:
    while batch := list(islice(observations, CALLS_AT_ONCE)):
        yield batch


async def _run_beside(observer: Observer, read: Callable[[], None]) -> None:
    """`read` has run in a thread of its own, unless it was told to end: pipes may bring nothing."""
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def work() -> None:
        try:
            read()
        except BaseException as error:  # noqa: BLE001 - handed on to whoever waits
            _tell(done, error)
        else:
            _tell(done, None)

    threading.Thread(target=work, daemon=True).start()
    stopped = asyncio.create_task(observer.stopping.wait())
    waiting: list[asyncio.Future[Any]] = [done, stopped]
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if done.done():
        done.result()


def _tell(done: asyncio.Future[None], error: BaseException | None) -> None:
    def settle() -> None:
        if done.cancelled():
            return
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)

    with suppress(RuntimeError):  # the loop has ended
        done.get_loop().call_soon_threadsafe(settle)
