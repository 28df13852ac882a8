"""The collector: reads its sources again and again, and records what they used.

The order makes it exact: a reading is taken in and saved, then cut into entries and saved, then
recorded under identities that repeat, then forgotten. Whatever a crash interrupts is done again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final, Protocol

import structlog

from tallystick.core.errors import InvalidInput, TemporaryFailure
from tallystick.meter.event_ids import compute_event_id
from tallystick.meter.gpu.devices import MAX_DEVICES, DevicesReading
from tallystick.meter.gpu.errors import CollectorStateUnsaved
from tallystick.meter.gpu.state import CollectorState, Entry, StateFile
from tallystick.meter.gpu.watching import Clock, Moment, Reading, Source, SourceMemory

MAX_PENDING: Final = 2_000
"""Entries that may wait; while more do, use gathers in fewer, larger ones."""

_log = structlog.get_logger(__name__)


class Sink(Protocol):
    """Where entries become records."""

    async def record(self, event: bytes, entry: Entry) -> None:
        """The entry is recorded durably, unless its event was before.

        Raises:
            TallystickError: not now; it is tried again.
        """


@dataclass(frozen=True, slots=True)
class CollectorTimes:
    """How often things happen.

    Args:
        sample_s: between two readings.
        record_s: between two records of the same use.
    """

    sample_s: float = 2.0
    record_s: float = 60.0


@dataclass(slots=True)
class CollectorCounts:
    """What a collector did since it was started."""

    readings: int = 0
    failures: int = 0
    recorded: int = 0
    compute_ms: int = 0
    idle_ms: int = 0
    tokens: int = 0
    energy_mj: int = 0


class Collector:
    """Meters sources into a sink.

    Args:
        sources: in order; a device that two of them show is metered by the first.
        file: keeps the state.
        sink: keeps the records.
        clock: what time it is.
        new_id: random, for a state that is new.
        times: how often.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        file: StateFile,
        sink: Sink,
        clock: Clock,
        *,
        new_id: str,
        times: CollectorTimes | None = None,
    ) -> None:
        self._sources = sources
        self._file = file
        self._sink = sink
        self._clock = clock
        self._times = times or CollectorTimes()
        self.state = file.load() or CollectorState(id=new_id)
        self.counts = CollectorCounts()
        self._source_by_device: dict[str, str] = {}

    async def run(self, stopped: asyncio.Event) -> None:
        """Everything used until `stopped` is recorded, as far as it makes up whole units."""
        await self._try(self.record)
        while not stopped.is_set():
            await self._try(self.sample)
            if self._is_due():
                await self._try(self.record)
            with suppress(TimeoutError):
                await asyncio.wait_for(stopped.wait(), self._times.sample_s)
        await self.sample()
        await self.record()

    async def sample(self, others: Sequence[Source] = ()) -> None:
        """What was used since the last reading is in the buckets, on disk.

        Args:
            others: read this once, beside the collector's own.

        Raises:
            CollectorStateUnsaved: not on disk; the next time saves it too.
        """
        sources = [*self._sources, *others]
        readings = await asyncio.gather(
            *(asyncio.to_thread(self._read, source) for source in sources)
        )
        for source, found in zip(sources, readings, strict=True):
            if found is not None:
                self._take_in(source.name, *found)
        await self._save()

    async def record(self) -> None:
        """What the buckets hold is recorded; what cannot be now stays to be tried again.

        Raises:
            CollectorStateUnsaved: nothing was recorded, as its numbers could be given twice.
        """
        if len(self.state.pending) < MAX_PENDING:
            self.state.cut(self._clock().time_ms)
        await self._save()
        done = [await self._record_entry(entry) for entry in self.state.pending]
        waiting = zip(self.state.pending, done, strict=True)
        self.state.pending = [entry for entry, is_done in waiting if not is_done]
        await self._save()

    async def _try(self, act: Callable[[], Awaitable[None]]) -> None:
        try:
            await act()
        except TemporaryFailure as error:
            _log.warning("collector_failed", code=error.code, reason=str(error))

    def _is_due(self) -> bool:
        waited_ms = self._clock().time_ms - self.state.cut_ms
        is_due = waited_ms >= self._times.record_s * 1_000 or waited_ms < 0
        return is_due or self.state.is_full

    def _read(self, source: Source) -> tuple[Reading, Moment] | None:
        """One look and its time; None where the source does not answer now."""
        try:
            return source.read(), self._clock()
        except TemporaryFailure as error:
            self.counts.failures += 1
            _log.warning("source_not_read", source=source.name, code=error.code, reason=str(error))
            return None

    def _take_in(self, source: str, reading: Reading, moment: Moment) -> None:
        """Memory and buckets change together."""
        memory = self.state.sources.setdefault(source, SourceMemory())
        uses = self._leave_out_foreign(source, reading).advance(memory, moment)
        self.state.add(uses, moment.time_ms)
        self.counts.readings += 1

    def _leave_out_foreign(self, source: str, reading: Reading) -> Reading:
        """The reading without devices that another source meters."""
        if not isinstance(reading, DevicesReading):
            return reading
        if len(self._source_by_device) > MAX_DEVICES:
            self._source_by_device.clear()
        own = [
            device
            for device in reading.devices
            if self._source_by_device.setdefault(device.uuid, source) == source
        ]
        return replace(reading, devices=own)

    async def _record_entry(self, entry: Entry) -> bool:
        event = compute_event_id(f"tallystick-collector/{self.state.id}", str(entry.number))
        try:
            await self._sink.record(event, entry)
        except (TemporaryFailure, InvalidInput) as error:
            _log.warning("use_not_recorded", code=error.code, project=entry.key.payer.project)
            return False
        self._count(entry)
        return True

    def _count(self, entry: Entry) -> None:
        compute_ms = entry.quantities.get("compute_ms", 0)
        self.counts.recorded += 1
        self.counts.energy_mj += entry.energy_mj
        self.counts.tokens += _count_tokens(entry.quantities)
        if entry.key.is_idle:
            self.counts.idle_ms += compute_ms
        else:
            self.counts.compute_ms += compute_ms

    async def _save(self) -> None:
        try:
            await asyncio.to_thread(self._file.save, self.state)
        except OSError as error:
            raise CollectorStateUnsaved(
                f"{self._file.path} cannot be written", actual=str(error)
            ) from error


def _count_tokens(quantities: Mapping[str, int]) -> int:
    return sum(quantities.get(name, 0) for name in ("in_fresh", "in_cached", "out_visible"))
