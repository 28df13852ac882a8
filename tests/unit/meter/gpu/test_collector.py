"""The collector loses and doubles nothing, wherever it is interrupted."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tallystick.core.errors import TemporaryFailure
from tallystick.meter.gpu import collector as collector_module
from tallystick.meter.gpu.collector import Collector, CollectorTimes
from tallystick.meter.gpu.counters import Counted, compute_growth
from tallystick.meter.gpu.devices import Device, DevicePolicy, DevicesReading
from tallystick.meter.gpu.errors import CollectorStateUnsaved, ScrapeFailed
from tallystick.meter.gpu.state import CollectorState, Entry, StateFile
from tallystick.meter.gpu.uses import BucketKey, Payer, Use
from tallystick.meter.gpu.watching import Moment, Reading, Source, SourceMemory

KEY = BucketKey("llama", Payer("acme/app"), "engine")
NOW_MS = 1_700_000_000_000


class Killed(BaseException):
    """The process ends here."""


@dataclass
class Fate:
    """Kills at the steps it is told; saving, and each side of recording, are steps."""

    kills: Sequence[int] = ()
    step: int = 0

    def meet(self) -> None:
        self.step += 1
        if self.step in self.kills:
            raise Killed


@dataclass
class World:
    """What outlives a collector: a counter that grows, and records by identity."""

    value: int = 0
    recorded: dict[bytes, Entry] = field(default_factory=dict)

    def total(self) -> int:
        return sum(entry.quantities.get("in_fresh", 0) for entry in self.recorded.values())


@dataclass
class CountingReading:
    value: int

    def advance(self, memory: SourceMemory, _: Moment) -> list[Use]:
        before, now = memory.counters.get("c", Counted(0)), Counted(self.value)
        memory.counters["c"] = now
        return [Use(KEY, {"in_fresh": compute_growth(before, now, is_watched=True)})]


@dataclass
class CountingSource:
    world: World
    name: str = "counting"

    def read(self) -> Reading:
        return CountingReading(self.world.value)


@dataclass
class FatefulFile(StateFile):
    path: Path
    fate: Fate

    def save(self, state: CollectorState) -> None:
        self.fate.meet()
        super().save(state)
        self.fate.meet()


@dataclass
class FatefulSink:
    world: World
    fate: Fate
    failures: int = 0

    async def record(self, event: bytes, entry: Entry) -> None:
        self.fate.meet()
        if self.failures:
            self.failures -= 1
            raise TemporaryFailure("not now")
        self.world.recorded.setdefault(event, entry)
        self.fate.meet()


def clock() -> Moment:
    return Moment(NOW_MS, 5_000_000, "b")


def open_collector(
    sources: Sequence[Source], folder: Path, sink: FatefulSink, fate: Fate | None = None
) -> Collector:
    file = FatefulFile(folder / "state.json", fate or Fate())
    return Collector(
        sources, file, sink, clock, new_id="fixed", times=CollectorTimes(sample_s=0, record_s=0)
    )


@settings(max_examples=60)
@given(
    steps=st.lists(st.tuples(st.integers(0, 50), st.booleans()), min_size=1, max_size=8),
    kills=st.lists(st.integers(1, 60), max_size=8, unique=True),
    failures=st.integers(0, 3),
)
def test_every_count_is_recorded_once_wherever_the_process_ends(
    steps: list[tuple[int, bool]], kills: list[int], failures: int
) -> None:
    world, fate = World(), Fate(kills)

    async def live(folder: Path) -> None:
        sink = FatefulSink(world, fate, failures)
        collector = open_collector([CountingSource(world)], folder, sink, fate)
        while steps:
            grown, is_due = steps.pop(0)
            world.value += grown
            await collector.sample()
            if is_due:
                await collector.record()

    with tempfile.TemporaryDirectory() as folder:
        while steps:
            try:
                asyncio.run(live(Path(folder)))
            except Killed:
                continue
        sink = FatefulSink(world, Fate())
        collector = open_collector([CountingSource(world)], Path(folder), sink)

        async def finish() -> None:
            await collector.sample()
            await collector.record()

        asyncio.run(finish())
    assert world.total() == world.value
    assert not collector.state.pending


def run(coroutine: Any) -> None:  # noqa: ANN401 - any coroutine
    asyncio.run(coroutine)


def test_source_that_fails_does_not_hold_up_the_others(tmp_path: Path) -> None:
    class Failing:
        name = "failing"

        def read(self) -> Reading:
            raise ScrapeFailed("nobody there")

    world = World(7)
    sink = FatefulSink(world, Fate())
    collector = open_collector([Failing(), CountingSource(world)], tmp_path, sink)
    run(collector.sample())
    run(collector.record())
    assert (world.total(), collector.counts.failures, collector.counts.tokens) == (7, 1, 7)


def test_entry_that_cannot_be_recorded_waits_and_the_others_do_not(tmp_path: Path) -> None:
    world = World(7)
    sink = FatefulSink(world, Fate(), failures=1)
    collector = open_collector([CountingSource(world)], tmp_path, sink)
    run(collector.sample())
    run(collector.record())
    assert len(collector.state.pending) == 1
    world.value = 9
    run(collector.sample())
    run(collector.record())
    assert (world.total(), len(world.recorded), collector.state.pending) == (9, 2, [])


def test_use_gathers_when_too_many_entries_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collector_module, "MAX_PENDING", 2)
    world = World()
    sink = FatefulSink(world, Fate(), failures=1_000)
    collector = open_collector([CountingSource(world)], tmp_path, sink)
    for _ in range(6):
        world.value += 1
        run(collector.sample())
        run(collector.record())
    assert len(collector.state.pending) == 2
    sink.failures = 0
    run(collector.record())
    run(collector.record())
    assert (world.total(), len(world.recorded)) == (6, 3)


def test_nothing_is_recorded_when_the_state_cannot_be_saved(tmp_path: Path) -> None:
    world = World(7)
    folder = tmp_path / "state"
    folder.mkdir()
    collector = open_collector([CountingSource(world)], folder, FatefulSink(world, Fate()))
    folder.rmdir()
    with pytest.raises(CollectorStateUnsaved):
        run(collector.sample())
    with pytest.raises(CollectorStateUnsaved):
        run(collector.record())
    assert world.recorded == {}
    folder.mkdir()
    run(collector.record())
    assert world.total() == 7


def test_device_that_two_sources_show_is_metered_once(tmp_path: Path) -> None:
    policy = DevicePolicy(lambda _: "h100", lambda _: Payer("acme/app"), Payer("acme/ops"))

    @dataclass
    class DeviceSource:
        name: str

        def read(self) -> Reading:
            return DevicesReading([Device("GPU-1", "h100")], policy)

    seen = iter(range(5_000_000, 99_000_000, 1_000_000))
    world = World()
    collector = Collector(
        [DeviceSource("nvml"), DeviceSource("dcgm http://node:9400/metrics")],
        StateFile(tmp_path / "state.json"),
        FatefulSink(world, Fate()),
        lambda: Moment(NOW_MS, next(seen), "b"),
        new_id="c",
    )
    run(collector.sample())
    run(collector.sample())
    assert list(collector.state.sources["nvml"].seen_us) == ["GPU-1"]
    assert collector.state.sources["dcgm http://node:9400/metrics"].seen_us == {}


def test_run_records_what_was_used_until_it_is_stopped(tmp_path: Path) -> None:
    world = World()
    stopped = asyncio.Event()

    @dataclass
    class EndingSource:
        name: str = "ending"

        def read(self) -> Reading:
            world.value += 1
            if world.value == 5:
                loop.call_soon_threadsafe(stopped.set)
            return CountingReading(world.value)

    loop = asyncio.new_event_loop()
    collector = open_collector([EndingSource()], tmp_path, FatefulSink(world, Fate()))
    loop.run_until_complete(collector.run(stopped))
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()
    assert world.total() == world.value >= 5
