"""One job's processes on the devices of this machine, and what readings of them missed.

A process that lives between two readings is not seen by them. Where the driver keeps accounts of
processes, what it says after their end makes up for that, up to what of the device nobody else had.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Final

from tallystick.core.units import PPM
from tallystick.core.usage import Flag
from tallystick.meter.gpu.attribution import Facts
from tallystick.meter.gpu.devices import Device, DevicePolicy, DevicesReading
from tallystick.meter.gpu.nvml import NvmlSource
from tallystick.meter.gpu.nvml_library import (
    UNSAID,
    NvmlLibrary,
    build_unavailable,
    decode_text,
    read_code,
)
from tallystick.meter.gpu.shares import compute_partition
from tallystick.meter.gpu.uses import BucketKey, Use
from tallystick.meter.gpu.watching import Moment, SourceMemory

PID: Final = "pid"
"""The fact by which a job's processes are known; nothing else has it."""
IDLE: Final = "idle"
US_PER_MS: Final = 1_000
PPM_PER_PERCENT: Final = PPM // 100
MAX_PERCENT: Final = 100
MAX_SEEN: Final = 65_536


@dataclass(slots=True)
class JobSource:
    """The devices of this machine, of which only a job's part is billed.

    Args:
        library: ready to be asked.
        list_pids: the job's processes that live now.
        policy: billing nobody else, and no idle time.
    """

    library: NvmlLibrary
    list_pids: Callable[[], Collection[int]]
    policy: DevicePolicy
    seen: set[int] = field(default_factory=set)
    _devices: NvmlSource = field(init=False)

    def __post_init__(self) -> None:
        self._devices = NvmlSource(self.library, self._read_facts, self.policy)

    @property
    def name(self) -> str:
        """As in `watching.Source`."""
        return "job"

    def read(self) -> DevicesReading:
        """As in `watching.Source`."""
        alive = self.list_pids()
        if len(self.seen) < MAX_SEEN:
            self.seen |= set(alive)
        return DevicesReading(self._devices.read().devices, self.policy, note_job)

    def _read_facts(self, pid: int) -> Facts:
        return {PID: str(pid)} if pid in self.seen else {}


def note_job(memory: SourceMemory, device: Device, elapsed_us: int) -> None:
    """`memory` knows how much of the device each of the job's processes had, and how much nobody.

    Args:
        memory: changed in place, in millionths of a device times microseconds.
        device: as read.
        elapsed_us: how long it was so.
    """
    shares = compute_partition(PPM, {n: work.share_ppm for n, work in enumerate(device.works)})
    _add(memory, f"{device.uuid} {IDLE}", shares.idle * elapsed_us)
    for n, work in enumerate(device.works):
        if pid := work.facts.get(PID):
            _add(memory, f"{device.uuid} {pid}", shares.parts[n] * elapsed_us)


@dataclass(frozen=True, slots=True)
class AccountedProcess:
    """What the driver says of a process that has ended.

    Args:
        uuid: of the device.
        device_name: what the device calls itself.
        pid: of the process.
        busy_ppm_us: millionths of the device times microseconds that it kept busy.
    """

    uuid: str
    device_name: str
    pid: int
    busy_ppm_us: int


@dataclass(frozen=True, slots=True)
class AccountsReading:
    """The driver's accounts of a job's processes, after the job."""

    processes: Sequence[AccountedProcess]
    policy: DevicePolicy

    def advance(self, memory: SourceMemory, moment: Moment) -> list[Use]:  # noqa: ARG002 - of the past
        """As in `watching.Reading`."""
        return [use for each in self.processes if (use := self._take(memory, each)) is not None]

    def _take(self, memory: SourceMemory, process: AccountedProcess) -> Use | None:
        """What readings missed, taken from what nobody had of the device while they watched."""
        own, idle = f"{process.uuid} {process.pid}", f"{process.uuid} {IDLE}"
        missed = process.busy_ppm_us - memory.carried.get(own, 0)
        taken = max(min(missed, memory.carried.get(idle, 0)), 0)
        slug = self.policy.find_slug(process.device_name)
        payer = self.policy.find_payer({PID: str(process.pid)})
        if not taken or slug is None or payer is None:
            return None
        _add(memory, own, taken)
        _add(memory, idle, -taken)
        flags = int(Flag.AGGREGATE | Flag.ESTIMATED)
        return Use(BucketKey(slug, payer, process.uuid, flags), {"compute_ms": taken})


@dataclass(frozen=True, slots=True)
class AccountsSource:
    """The driver's accounts of a job, read once it is over."""

    job: JobSource

    @property
    def name(self) -> str:
        """The job's own: both share a memory."""
        return self.job.name

    def read(self) -> AccountsReading:
        """As in `watching.Source`."""
        library = self.job.library
        try:
            found = [
                each
                for index in range(library.nvmlDeviceGetCount())
                for each in _read_accounts(library, index, self.job.seen)
            ]
        except library.NVMLError as error:
            raise build_unavailable(error) from error
        return AccountsReading(found, self.job.policy)


def _read_accounts(
    library: NvmlLibrary, index: int, pids: Collection[int]
) -> list[AccountedProcess]:
    """Ended processes of the job on one device; none where the driver keeps no accounts."""
    handle = library.nvmlDeviceGetHandleByIndex(index)
    try:
        if not library.nvmlDeviceGetAccountingMode(handle):
            return []
        known = [pid for pid in library.nvmlDeviceGetAccountingPids(handle) if pid in pids]
        stats = [(pid, library.nvmlDeviceGetAccountingStats(handle, pid)) for pid in known]
    except library.NVMLError as error:
        if read_code(error) in UNSAID:
            return []
        raise
    uuid, name = library.nvmlDeviceGetUUID(handle), library.nvmlDeviceGetName(handle)
    return [
        AccountedProcess(
            decode_text(uuid),
            decode_text(name),
            pid,
            each.gpuUtilization * PPM_PER_PERCENT * each.time * US_PER_MS,
        )
        for pid, each in stats
        if not each.isRunning and each.gpuUtilization <= MAX_PERCENT
    ]


def _add(memory: SourceMemory, key: str, amount: int) -> None:
    memory.carried[key] = memory.carried.get(key, 0) + amount
