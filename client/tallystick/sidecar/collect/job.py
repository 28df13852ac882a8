"""One command, metered as GPU work of a project: fine-tuning, batches, anything with processes."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import msgspec
import structlog

from tallystick.core.errors import TallystickError
from tallystick.meter.gpu.attribution import Facts
from tallystick.meter.gpu.collector import Collector
from tallystick.meter.gpu.devices import DevicePolicy
from tallystick.meter.gpu.jobs import PID, AccountsSource, JobSource
from tallystick.meter.gpu.nvml import opened_nvml
from tallystick.meter.gpu.nvml_library import NvmlLibrary
from tallystick.meter.gpu.processes import list_tree
from tallystick.meter.gpu.uses import Payer
from tallystick.sidecar.collect.collector import create_collector, create_sink, describe
from tallystick.sidecar.collect.lock import hold_devices, try_lock
from tallystick.sidecar.collect.settings import CollectConfig
from tallystick.sidecar.collect.sources import US_PER_MS, DeviceBinding, load_nvml
from tallystick.sidecar.errors import CommandNotFound, JobsFull
from tallystick.sidecar.lengths import parse_length_ms
from tallystick.sidecar.meters import ensure_named_meters, run_meter
from tallystick.sidecar.site import Site, open_site

MAX_SLOTS: Final = 64
"""Jobs at once from one folder; each has a meter of its own."""
SLOT_LOCK: Final = "job.lock"
PR_SET_CHILD_SUBREAPER: Final = 36
"""Of prctl(2): descendants that lose their parent become this process's children."""
SIGNAL_BASE: Final = 128
STDERR: Final = 2
"""The descriptor."""

_log = structlog.get_logger(__name__)


class JobView(msgspec.Struct, frozen=True, kw_only=True):
    """A job as it was when it ended."""

    project: str
    exit_code: int
    meter: str
    compute_ms: int
    energy_mj: int
    recorded: int
    unobserved_ms: int
    waiting: int


@dataclass(frozen=True, slots=True)
class JobOrder:
    """A command and who pays for it.

    Args:
        words: program and arguments.
        payer: of its GPU work.
        config: of the collector: lengths, charge, GPU types; its name is that of the meters.
        is_quiet: what the command prints goes to stderr, as stdout has another use.
    """

    words: Sequence[str]
    payer: Payer
    config: CollectConfig
    is_quiet: bool = False


def run_job(path: Path, order: JobOrder) -> JobView:
    """The command has ended and what it used of this machine's devices is recorded.

    What goes wrong with metering while it runs never ends the command.

    Args:
        path: the network's folder.
        order: what to run.

    Raises:
        NvmlUnavailable, CollectorBusy, CommandNotFound, ProjectNotBillable: before it was started.
    """
    with (
        hold_devices(path, is_alone=False),
        opened_nvml(load_nvml()) as library,
        _hold_slot(path, order.config) as folder,
    ):
        return asyncio.run(_run(path, folder, order, library))


async def _run(path: Path, folder: Path, order: JobOrder, library: NvmlLibrary) -> JobView:
    async with open_site(path) as site, run_meter(site, folder) as run:
        sink = create_sink(site, run, order.payer.project)
        sink.find_billable(order.payer.project)
        source = create_source(site, order, library)
        check_devices(source, DeviceBinding(site.directory, order.config, set()))
        collector = create_collector([source], folder, sink, site, order.config)
        # Of a job before this one in the same slot; what it had not recorded yet is kept.
        collector.state.sources.clear()
        exit_code = await _run_metered(order, collector, source)
        view = describe(collector, [source], order.config)
        return JobView(
            project=order.payer.project,
            exit_code=exit_code,
            meter=run.meter.identity.name,
            compute_ms=view.compute_ms,
            energy_mj=view.energy_mj,
            recorded=view.recorded,
            unobserved_ms=view.unobserved_ms,
            waiting=view.waiting,
        )


def create_source(site: Site, order: JobOrder, library: NvmlLibrary) -> JobSource:
    """This machine's devices, billing only what descends from this process."""
    binding = DeviceBinding(site.directory, order.config, set())
    policy = DevicePolicy(
        binding.find,
        partial(_find_payer, order.payer),
        None,
        order.config.charge,
        parse_length_ms(order.config.gap) * US_PER_MS,
    )
    return JobSource(library, _list_descendants, policy)


def check_devices(source: JobSource, binding: DeviceBinding) -> None:
    """At least one device of this machine is charged as a resource.

    Raises:
        GpuTypeUnknown, BasisConflict: none is; says why the first is not.
    """
    names = [device.name for device in source.read().devices]
    if names and not any(map(binding.find, names)):
        binding.require(names[0])


@contextmanager
def _hold_slot(path: Path, config: CollectConfig) -> Iterator[Path]:
    """The first of the job meters that no other job has, registered if it is new.

    Raises:
        JobsFull: all of them are in use.
    """
    for slot in range(MAX_SLOTS):
        [folder] = ensure_named_meters(path, config.account, [f"{config.name}-{slot}"])
        with ExitStack() as stack:
            if stack.enter_context(try_lock(folder / SLOT_LOCK)):
                yield folder
                return
    raise JobsFull("too many jobs run at once from this folder", expected=MAX_SLOTS)


async def _run_metered(order: JobOrder, collector: Collector, source: JobSource) -> int:
    """The command's exit code, as a shell says it."""
    _adopt_orphans()
    await collector.sample()
    child = _start(order)
    stopped = asyncio.Event()
    metering = asyncio.create_task(collector.run(stopped))
    try:
        with _passing_signals_on(child):
            code = await asyncio.to_thread(child.wait)
    finally:
        stopped.set()
    try:
        await metering
        await collector.sample([AccountsSource(source)])
        await collector.record()
    except TallystickError as error:
        _log.error("job_not_metered", code=error.code, why=str(error))
    return SIGNAL_BASE - code if code < 0 else code


def _start(order: JobOrder) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(list(order.words), stdout=STDERR if order.is_quiet else None)
    except OSError as error:
        raise CommandNotFound(
            "the command cannot be started",
            expected="a program",
            actual=f"{order.words[0]}: {error}",
        ) from error


@contextmanager
def _passing_signals_on(child: subprocess.Popen[bytes]) -> Iterator[None]:
    """What would end this process ends the command instead, inside the block.

    A terminal sends Ctrl-C to both; whoever sends SIGTERM means the job.
    """
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, child.terminate)
    loop.add_signal_handler(signal.SIGINT, lambda: None)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGTERM)
        loop.remove_signal_handler(signal.SIGINT)


def _adopt_orphans() -> None:
    """Whatever descends from this process stays below it, also when its parent ends first."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _list_descendants() -> frozenset[int]:
    return list_tree(os.getpid()) - {os.getpid()}


def _find_payer(payer: Payer, facts: Facts) -> Payer | None:
    return payer if PID in facts else None
