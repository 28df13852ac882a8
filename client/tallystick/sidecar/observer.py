"""Passive meters, composed: the book they enter calls into, and what feeds it."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Final

import structlog

from tallystick.core.errors import TallystickError
from tallystick.local.pseudonyms import Pseudonyms
from tallystick.meter.passive.access_log import AccessLog
from tallystick.meter.passive.attribution import Attribution
from tallystick.meter.passive.book import PassiveBook
from tallystick.meter.passive.exchange import Observation, read_exchange
from tallystick.meter.passive.line_map import LineMap
from tallystick.meter.passive.tally import Tally
from tallystick.sidecar.errors import ProjectNotBillable
from tallystick.sidecar.meters import ensure_named_meters, run_meter
from tallystick.sidecar.site import Site, open_site

CALLS_AT_ONCE: Final = 200
"""Entered together, so that they wait for the disk once."""
RELEASE_S: Final = 5.0
REPORT_S: Final = 60.0
LOOK_S: Final = 0.5

_log = structlog.get_logger(__name__)

Counts = dict[str, int]


@dataclass(frozen=True, slots=True)
class ObserverSettings:
    """One passive meter.

    Args:
        dir: the network's folder.
        account: path of the account whose projects it bills.
        name: of its meter; one observer at a time.
        attribution: whose calls it sees.
    """

    dir: Path
    account: str
    name: str
    attribution: Attribution


@dataclass(frozen=True, slots=True)
class Observer:
    """What an observer has open while it observes."""

    site: Site
    book: PassiveBook
    folder: Path
    stopping: asyncio.Event


Work = Callable[[Observer], Awaitable[None]]


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

    return _observe(settings, work)


def observe_log(
    settings: ObserverSettings, path: Path, line_map: LineMap, source: str, *, follows: bool
) -> Counts:
    """Every line of a log is recorded, held or counted as lost.

    Args:
        settings: of the observer.
        path: of the log.
        line_map: how its lines are read.
        source: tells it from other logs that may have equal lines.
        follows: goes on with what is written, until the process is told to end.
    """

    async def work(observer: Observer) -> None:
        position = observer.folder / f"position-{source}.json"
        log = AccessLog(path, line_map, source, position, observer.book)
        try:
            while True:
                await asyncio.to_thread(log.read)
                if not follows or await _wait(observer.stopping, LOOK_S):
                    return
        finally:
            log.close()

    return _observe(settings, work)


def observe_mirror(
    settings: ObserverSettings,
    host: str,
    port: int,
    on_ready: Callable[[str], None],
    *,
    assumed_output_tokens: int = 0,
) -> Counts:
    """Mirrored calls are recorded until the process is told to end.

    Args:
        settings: of the observer.
        host: to listen on.
        port: to listen on, 0 = any free one.
        on_ready: told the address once it listens.
        assumed_output_tokens: of calls whose answer nobody mirrors.
    """
    from tallystick.meter.passive.mirror import Mirror, create_server  # noqa: PLC0415 - an extra's

    async def work(observer: Observer) -> None:
        mirror = Mirror(
            observer.book, observer.site.clock, assumed_output_tokens=assumed_output_tokens
        )
        loop = asyncio.get_running_loop()
        server = create_server(mirror)
        listening = await loop.create_server(server, host, port)
        try:
            on_ready(f"http://{host}:{listening.sockets[0].getsockname()[1]}")
            await observer.stopping.wait()
        finally:
            listening.close()
            await server.shutdown(LOOK_S)

    return _observe(settings, work)


def _observe(settings: ObserverSettings, work: Work) -> Counts:
    folder = ensure_named_meters(settings.dir, settings.account, [settings.name])[0]
    return asyncio.run(_run(settings, folder, work))


async def _run(settings: ObserverSettings, folder: Path, work: Work) -> Counts:
    async with _open_observer(settings, folder) as observer:
        keeping = asyncio.create_task(_keep(observer.book))
        try:
            await work(observer)
            await asyncio.to_thread(observer.book.release)
        finally:
            keeping.cancel()
            with suppress(asyncio.CancelledError):
                await keeping
        return observer.book.tally.as_dict()


@asynccontextmanager
async def _open_observer(settings: ObserverSettings, folder: Path) -> AsyncIterator[Observer]:
    """The meter records inside the block; at its end it drains.

    Raises:
        ProjectNotBillable, AccountUnknown: a project that calls may be billed to cannot be.
    """
    async with open_site(settings.dir) as site, run_meter(site, folder) as run:
        _check_projects(site, run.meter.id, settings.attribution)
        book = PassiveBook(
            site.directory,
            run.recorder,
            run.held,
            Pseudonyms(site.folder.names_file),
            settings.attribution,
            Tally(),
        )
        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()
        for ending in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(ending, stopping.set)
        yield Observer(site, book, folder, stopping)


def _check_projects(site: Site, meter: int, attribution: Attribution) -> None:
    ours = site.directory.meter_account(meter) or 0
    for path in dict.fromkeys([attribution.project, *(rule.project for rule in attribution.rules)]):
        if not site.directory.is_below(site.directory.project(path), ours):
            raise ProjectNotBillable(
                "the observer's meter may not bill this project",
                expected=f"one below {site.directory.path_of(ours)}",
                actual=path,
            )


async def _keep(book: PassiveBook) -> None:
    """Held calls are recorded once they can be, and what was lost is told now and then."""
    waited_s = 0.0
    while True:
        await asyncio.sleep(RELEASE_S)
        waited_s += RELEASE_S
        try:
            await asyncio.to_thread(book.release)
        except TallystickError as error:
            _log.warning("held_not_released", code=error.code)
        if waited_s >= REPORT_S:
            waited_s = 0.0
            _log.info("observed", **book.tally.as_dict())


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


def _read_capture(observer: Observer, stream: BinaryIO) -> None:
    from tallystick.meter.passive.capture import find_exchanges  # noqa: PLC0415 - an extra's
    from tallystick.meter.passive.packets import read_segments  # noqa: PLC0415

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


async def _wait(stopping: asyncio.Event, timeout_s: float) -> bool:
    """Whether it is time to end."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stopping.wait(), timeout_s)
    return stopping.is_set()
