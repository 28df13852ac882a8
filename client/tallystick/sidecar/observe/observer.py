"""A passive meter, composed: its site, its meter, its book, and whatever feeds that."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from tallystick.core.errors import TallystickError
from tallystick.local.pseudonyms import Pseudonyms
from tallystick.meter.passive.attribution import Attribution
from tallystick.meter.passive.book import PassiveBook
from tallystick.meter.passive.tally import Tally
from tallystick.sidecar.errors import ProjectNotBillable
from tallystick.sidecar.meters import MeterRun, ensure_named_meters, run_meter
from tallystick.sidecar.site import Site, open_site

RELEASE_S: Final = 5.0
REPORT_S: Final = 60.0

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
        metrics: where this machine reads metrics, such as 127.0.0.1:9106; empty: nowhere.
    """

    dir: Path
    account: str
    name: str
    attribution: Attribution
    metrics: str = ""


@dataclass(frozen=True, slots=True)
class Observer:
    """What an observer has open while it observes."""

    site: Site
    book: PassiveBook
    folder: Path
    stopping: asyncio.Event


Work = Callable[[Observer], Awaitable[None]]


def observe(settings: ObserverSettings, work: Work) -> Counts:
    """`work` has fed the observer, whose meter has drained; gives what was seen and missed.

    Raises:
        ProjectNotBillable, AccountUnknown: a project that calls may be billed to cannot be.
        FolderLocked: another observer of this name runs.
    """
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
        async with _serve_metrics(settings, run, folder, book):
            yield Observer(site, book, folder, stopping)


@asynccontextmanager
async def _serve_metrics(
    settings: ObserverSettings, run: MeterRun, folder: Path, book: PassiveBook
) -> AsyncIterator[None]:
    """Metrics are served inside the block where somebody wants them."""
    if not settings.metrics:
        yield
        return
    # An installation without extras observes logs as well, and has no library of metrics.
    from tallystick.sidecar.meter_metrics import MeterMetrics  # noqa: PLC0415
    from tallystick.sidecar.metrics_page import serve_metrics  # noqa: PLC0415
    from tallystick.sidecar.observe.metrics import ObserverMetrics  # noqa: PLC0415

    collectors = (MeterMetrics(run, folder), ObserverMetrics(book.tally))
    async with serve_metrics(settings.metrics, collectors):
        yield


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


async def wait(stopping: asyncio.Event, timeout_s: float) -> bool:
    """Whether it is time to end."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stopping.wait(), timeout_s)
    return stopping.is_set()
