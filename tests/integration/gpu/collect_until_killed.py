"""A collector over a counter and a device whose time both stand in a file; killed from outside."""

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.unit.meter.opened import open_sample_meter

from tallystick.meter.details import DetailStore
from tallystick.meter.gpu.collector import Collector, CollectorTimes
from tallystick.meter.gpu.counters import Counted
from tallystick.meter.gpu.devices import Device, DevicePolicy, DevicesReading, Work
from tallystick.meter.gpu.engines import EnginePolicy, EngineReading, TokenSeries
from tallystick.meter.gpu.state import StateFile
from tallystick.meter.gpu.uses import Payer
from tallystick.meter.gpu.watching import Moment, Reading
from tallystick.meter.recorder import Recorder
from tallystick.sidecar.collect.sink import RecordingSink
from tallystick.sidecar.directory import ResourceInfo

US_PER_COUNT = 1_000
HOUR_US = 3_600_000_000
PROJECTS = {"acme/app": 3, "acme/ops": 4}
RESOURCES = {"llama": 1, "h100": 2}


class Directory:
    def project(self, path: str) -> int:
        return PROJECTS[path]

    def is_below(self, account: int, ancestor: int) -> bool:
        return account > ancestor

    def path_of(self, account: int) -> str:
        return str(account)

    def require_resource(self, slug: str) -> ResourceInfo:
        return ResourceInfo(RESOURCES[slug], slug, "gpu", "gpu", 1)


class Nobody:
    def give(self, organisation: str, name: str, time_ms: int) -> int:
        raise AssertionError((organisation, name, time_ms))


@dataclass
class World:
    """What goes on whether or not anybody watches."""

    path: Path

    def count(self) -> int:
        return int(self.path.read_text())

    def moment(self) -> Moment:
        count = self.count()
        return Moment(1_700_000_000_000 + count, count * US_PER_COUNT, "boot")


@dataclass
class TokenSource:
    world: World
    name: str = "tokens"

    def read(self) -> Reading:
        series = TokenSeries("s", "m", "generation", Counted(self.world.count(), born=1))
        return EngineReading("server", [series], EnginePolicy(Payer("acme/app"), {"*": "llama"}))


@dataclass
class DeviceSource:
    world: World
    name: str = "device"

    def read(self) -> Reading:
        policy = DevicePolicy(
            lambda _: "h100",
            lambda _: Payer("acme/app"),
            Payer("acme/ops"),
            max_gap_us=HOUR_US,
        )
        work = Work({}, self.world.count() * 7919 % 1_000_000, 1 << 20)
        energy = Counted(self.world.count() * 100)
        return DevicesReading([Device("GPU-1", "h100", 80 << 20, energy, [work])], policy)


async def run(folder: Path, world: World, *, is_last: bool) -> None:
    details = DetailStore(folder / "details")
    recorder = Recorder(open_sample_meter(folder), folder, details=details)
    collector = Collector(
        [TokenSource(world), DeviceSource(world)],
        StateFile(folder / "collector.json"),
        RecordingSink(Directory(), recorder, Nobody(), 1, "acme/ops"),
        world.moment,
        new_id="c",
        times=CollectorTimes(sample_s=0.001, record_s=0.003),
    )
    stopped = asyncio.Event()
    if is_last:
        stopped.set()
    print("running", flush=True)
    await collector.run(stopped)
    await recorder.aclose()
    details.close()


def main() -> None:
    folder, counter, mode = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    asyncio.run(run(folder, World(counter), is_last=mode == "last"))


main()
