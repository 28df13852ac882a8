"""What a collector would do, and what one remembers; nothing is metered here."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import msgspec

from tallystick.core.errors import TallystickError
from tallystick.local.folder import NetworkFolder
from tallystick.meter.errors import MeterUnknown
from tallystick.meter.gpu.devices import DevicesReading
from tallystick.meter.gpu.engines import EngineReading
from tallystick.meter.gpu.nvml import opened_nvml
from tallystick.meter.gpu.state import StateFile
from tallystick.meter.gpu.uses import BucketKey
from tallystick.meter.gpu.watching import Source
from tallystick.sidecar.collect.collector import STATE_FILE
from tallystick.sidecar.collect.settings import CollectConfig
from tallystick.sidecar.collect.sources import (
    US_PER_MS,
    DeviceBinding,
    build_sources,
    load_nvml,
)
from tallystick.sidecar.directory import NetworkDirectory
from tallystick.sidecar.site import open_site

MAX_WORK_CHARS: Final = 60


class Observed(msgspec.Struct, frozen=True, kw_only=True):
    """One piece of work, one model, or a source that could not be read."""

    source: str
    origin: str = ""
    """A device's UUID, or a model."""
    resource: str = ""
    project: str = ""
    share_ppm: int | None = None
    work: str = ""
    problem: str = ""


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """Use that is not recorded yet."""

    project: str
    resource: str
    origin: str
    text: str


class CollectorStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What a collector remembers."""

    name: str
    cut_ms: int
    """When it last recorded."""
    entries: int
    unobserved_ms: int
    unmetered: dict[str, int]
    waiting: list[Waiting]


def observe_sources(path: Path, config: CollectConfig) -> list[Observed]:
    """What every source shows now, and who would pay.

    Args:
        path: the network's folder.
        config: see `check_collect`.
    """
    with ExitStack() as stack:
        library = stack.enter_context(opened_nvml(load_nvml())) if config.nvml else None

        async def observe() -> list[Observed]:
            async with open_site(path) as site:
                sources = build_sources(config, site.directory, library)
                return [
                    each for source in sources for each in _observe(source, config, site.directory)
                ]

        return asyncio.run(observe())


def read_status(path: Path, name: str) -> CollectorStatus:
    """What the collector of this name remembers.

    Raises:
        MeterUnknown: none of this name was ever run from this folder.
    """
    state = StateFile(NetworkFolder(path).meter(name) / STATE_FILE).load()
    if state is None:
        raise MeterUnknown("no collector of this name was run from here", actual=name)
    memories = state.sources.values()
    return CollectorStatus(
        name=name,
        cut_ms=state.cut_ms,
        entries=len(state.pending),
        unobserved_ms=sum(memory.unobserved_us for memory in memories) // US_PER_MS,
        unmetered={
            model: tokens for memory in memories for model, tokens in memory.unmetered.items()
        },
        waiting=[
            *(_describe_waiting(each.key, each.quantities) for each in state.pending),
            *(
                _describe_waiting(each.key, each.quantities)
                for each in state.buckets
                if each.quantities
            ),
        ],
    )


def _describe_waiting(key: BucketKey, quantities: Mapping[str, int]) -> Waiting:
    return Waiting(
        project=key.payer.project,
        resource=key.resource,
        origin=f"{'idle ' if key.is_idle else ''}{key.origin}",
        text=", ".join(f"{value:,} {field}" for field, value in quantities.items()),
    )


def _observe(source: Source, config: CollectConfig, directory: NetworkDirectory) -> list[Observed]:
    try:
        reading = source.read()
    except TallystickError as error:
        return [Observed(source=source.name, problem=f"{error.code}: {error}")]
    if isinstance(reading, DevicesReading):
        return _observe_devices(source.name, reading, config, directory)
    if isinstance(reading, EngineReading):
        return [
            Observed(
                source=source.name,
                origin=model,
                resource=reading.policy.find_slug(model) or "",
                project=reading.policy.payer.project,
                problem="" if reading.policy.find_slug(model) else "no resource named",
            )
            for model in dict.fromkeys(each.model for each in reading.series)
        ]
    return []


def _observe_devices(
    source: str, reading: DevicesReading, config: CollectConfig, directory: NetworkDirectory
) -> list[Observed]:
    binding = DeviceBinding(directory, config, set())
    found: list[Observed] = []
    for device in reading.devices:
        try:
            slug, problem = binding.require(device.name), ""
        except TallystickError as error:
            slug, problem = "", f"{error.code}: {error}"
        if not device.works:
            found.append(
                Observed(
                    source=source,
                    origin=device.uuid,
                    resource=slug,
                    project=config.operator,
                    share_ppm=0,
                    problem=problem,
                )
            )
        for work in device.works:
            payer = reading.policy.find_payer({**device.facts, **work.facts})
            found.append(
                Observed(
                    source=source,
                    origin=device.uuid,
                    resource=slug,
                    project=payer.project if payer else "",
                    share_ppm=work.share_ppm,
                    work=_describe(dict(work.facts)),
                    problem=problem,
                )
            )
    return found


def _describe(facts: dict[str, str]) -> str:
    """What people know a piece of work by."""
    if "pod" in facts:
        return f"{facts.get('namespace', '')}/{facts['pod']}"
    if "slurm_job" in facts:
        return f"job {facts['slurm_job']}"
    return facts.get("command", facts.get("container", ""))[:MAX_WORK_CHARS]
