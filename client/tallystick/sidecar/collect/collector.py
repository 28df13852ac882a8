"""A collector in the foreground: checked, its meter registered, run until it is told to end."""

from __future__ import annotations

import asyncio
import secrets
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Final

import msgspec
import structlog

from tallystick.local.pseudonyms import Pseudonyms
from tallystick.meter.gpu.collector import Collector, CollectorCounts, CollectorTimes
from tallystick.meter.gpu.nvml import opened_nvml
from tallystick.meter.gpu.nvml_library import NvmlLibrary
from tallystick.meter.gpu.processes import read_boot_id
from tallystick.meter.gpu.state import StateFile
from tallystick.meter.gpu.watching import Moment, Source
from tallystick.sidecar.collect.lock import hold_devices, hold_page
from tallystick.sidecar.collect.metrics import CollectorMetrics
from tallystick.sidecar.collect.settings import CollectConfig, list_projects
from tallystick.sidecar.collect.sink import RecordingSink
from tallystick.sidecar.collect.sources import US_PER_MS, build_sources, check_sources, load_nvml
from tallystick.sidecar.lengths import parse_length_ms
from tallystick.sidecar.meter_metrics import MeterMetrics
from tallystick.sidecar.meters import MeterRun, ensure_named_meters, run_meter
from tallystick.sidecar.metrics_page import serve_metrics
from tallystick.sidecar.site import Site, open_site

STATE_FILE: Final = "collector.json"
ID_BYTES: Final = 16
MS_PER_S: Final = 1_000
NS_PER_US: Final = 1_000

_log = structlog.get_logger(__name__)


class CollectorView(msgspec.Struct, frozen=True, kw_only=True):
    """A collector as it runs, or as it was when it ended."""

    name: str
    account: str
    sources: tuple[str, ...]
    readings: int = 0
    failures: int = 0
    recorded: int = 0
    compute_ms: int = 0
    idle_ms: int = 0
    tokens: int = 0
    energy_mj: int = 0
    unobserved_ms: int = 0
    """Of all devices, since the collector was first started; billed to nobody."""
    unmetered: dict[str, int] = {}
    """Tokens of models without a resource, by the server's name."""
    waiting: int = 0
    """Entries that could not be recorded yet."""


def run_collector(
    path: Path,
    config: CollectConfig,
    on_ready: Callable[[CollectorView], None],
    *,
    is_once: bool = False,
) -> CollectorView:
    """What the sources use is metered until the process is told to end (SIGTERM, SIGINT).

    Args:
        path: the network's folder.
        config: see `check_collect`.
        on_ready: called once everything is checked.
        is_once: reads twice, a sample apart, records, and ends.

    Returns:
        What was done.

    Raises:
        ProjectNotBillable, ResourceUnknown, GpuTypeUnknown, BasisConflict: the network does not
            fit the configuration.
        NvmlUnavailable, CollectorBusy: this machine's devices cannot be metered now.
    """
    with ExitStack() as stack:
        if config.nvml:
            stack.enter_context(hold_devices(path, is_alone=True))
        for url in [*config.dcgm, *(engine.url for engine in config.engines)]:
            stack.enter_context(hold_page(path, url))
        library = stack.enter_context(opened_nvml(load_nvml())) if config.nvml else None
        folder = ensure_named_meters(path, config.account, [config.name])[0]
        return asyncio.run(_run(path, folder, config, library, on_ready, is_once=is_once))


async def _run(
    path: Path,
    folder: Path,
    config: CollectConfig,
    library: NvmlLibrary | None,
    on_ready: Callable[[CollectorView], None],
    *,
    is_once: bool,
) -> CollectorView:
    async with open_site(path) as site, run_meter(site, folder) as run:
        sink = create_sink(site, run, config.operator or config.engines[0].project)
        for project in list_projects(config):
            sink.find_billable(project)
        sources = build_sources(config, site.directory, library)
        check_sources(sources, config, site.directory)
        collector = create_collector(sources, folder, sink, site, config)
        on_ready(describe(collector, sources, config))
        metrics = (MeterMetrics(run, folder), CollectorMetrics(collector))
        if is_once:
            await collect_once(collector, parse_length_ms(config.sample) / MS_PER_S)
        else:
            async with serve_metrics(config.metrics, metrics):
                await collector.run(_stop_on_signals())
        return describe(collector, sources, config)


def create_sink(site: Site, run: MeterRun, fallback: str) -> RecordingSink:
    """The meter's records, billed below its account."""
    return RecordingSink(
        site.directory,
        run.recorder,
        Pseudonyms(site.folder.names_file),
        site.directory.meter_account(run.meter.id) or 0,
        fallback,
    )


def create_collector(
    sources: Sequence[Source],
    folder: Path,
    sink: RecordingSink,
    site: Site,
    config: CollectConfig,
) -> Collector:
    """The collector of a meter, going on where it left off."""
    return Collector(
        sources,
        StateFile(folder / STATE_FILE),
        sink,
        partial(read_moment, site.clock),
        new_id=secrets.token_hex(ID_BYTES),
        times=CollectorTimes(
            sample_s=parse_length_ms(config.sample) / MS_PER_S,
            record_s=parse_length_ms(config.record) / MS_PER_S,
        ),
    )


async def collect_once(collector: Collector, sample_s: float) -> None:
    """What was used since the last run as far as counters tell, and in one sample."""
    await collector.record()
    await collector.sample()
    await asyncio.sleep(sample_s)
    await collector.sample()
    await collector.record()


def describe(
    collector: Collector, sources: Sequence[Source], config: CollectConfig
) -> CollectorView:
    """The collector as it is now."""
    memories = collector.state.sources.values()
    counts: CollectorCounts = collector.counts
    return CollectorView(
        name=config.name,
        account=config.account,
        sources=tuple(source.name for source in sources),
        readings=counts.readings,
        failures=counts.failures,
        recorded=counts.recorded,
        compute_ms=counts.compute_ms,
        idle_ms=counts.idle_ms,
        tokens=counts.tokens,
        energy_mj=counts.energy_mj,
        unobserved_ms=sum(memory.unobserved_us for memory in memories) // US_PER_MS,
        unmetered={
            model: tokens for memory in memories for model, tokens in memory.unmetered.items()
        },
        waiting=len(collector.state.pending),
    )


def read_moment(clock: Callable[[], int]) -> Moment:
    """Now, on the network and on this machine."""
    steady_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    return Moment(clock(), steady_ns // NS_PER_US, read_boot_id())


def _stop_on_signals() -> asyncio.Event:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for ending in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(ending, stopped.set)
    return stopped
