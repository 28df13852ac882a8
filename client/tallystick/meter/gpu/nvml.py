"""This machine's NVIDIA devices, process by process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import fmean
from typing import Final, TypeVar

from tallystick.core.units import PPM
from tallystick.meter.gpu.attribution import Facts
from tallystick.meter.gpu.counters import Counted
from tallystick.meter.gpu.devices import Device, DevicePolicy, DevicesReading, Work
from tallystick.meter.gpu.nvml_library import (
    NOT_FOUND,
    UNSAID,
    Handle,
    NvmlLibrary,
    ProcessInfo,
    ProcessSample,
    build_unavailable,
    decode_text,
    read_code,
)
from tallystick.meter.gpu.shares import compute_partition, compute_proportional

KIB: Final = 1 << 10
KIB_PER_MIB: Final = 1 << 10
PPM_PER_PERCENT: Final = PPM // 100
MAX_PERCENT: Final = 100
MAX_PROCESSES: Final = 4096
REMEMBERED: Final = 4096

ReadFacts = Callable[[int], Facts]
"""What is known of a process by its id; empty where it is gone."""
Said = TypeVar("Said")


@contextmanager
def opened_nvml(library: NvmlLibrary) -> Iterator[NvmlLibrary]:
    """The library is ready inside the block.

    Raises:
        NvmlUnavailable: no driver, no device, or no permission.
    """
    try:
        library.nvmlInit()
    except library.NVMLError as error:
        raise build_unavailable(error) from error
    try:
        yield library
    finally:
        library.nvmlShutdown()


@dataclass(slots=True)
class NvmlSource:
    """The devices of this machine.

    Args:
        library: ready to be asked.
        read_facts: of a process.
        policy: who pays.
        host: this machine's name.
    """

    library: NvmlLibrary
    read_facts: ReadFacts
    policy: DevicePolicy
    host: str = ""
    _stamps: dict[str, int] = field(default_factory=dict)
    _facts: dict[int, Facts] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """As in `watching.Source`."""
        return "nvml"

    def read(self) -> DevicesReading:
        """As in `watching.Source`.

        Raises:
            NvmlUnavailable: the driver does not answer.
        """
        try:
            count = self.library.nvmlDeviceGetCount()
        except self.library.NVMLError as error:
            raise build_unavailable(error) from error
        devices, failures = [], []
        for index in range(count):
            # One device that fell off the bus must not hide the others; its time is made up for
            # at the next reading, or counted as unobserved.
            try:
                devices.append(self._read_device(self.library.nvmlDeviceGetHandleByIndex(index)))
            except self.library.NVMLError as error:
                failures.append(error)
        if failures and not devices:
            raise build_unavailable(failures[0]) from failures[0]
        return DevicesReading(devices, self.policy)

    def _read_device(self, handle: Handle) -> Device:
        library = self.library
        uuid = decode_text(library.nvmlDeviceGetUUID(handle))
        energy = self._ask(lambda: library.nvmlDeviceGetTotalEnergyConsumption(handle))
        return Device(
            uuid,
            decode_text(library.nvmlDeviceGetName(handle)),
            memory_kib=library.nvmlDeviceGetMemoryInfo(handle).total // KIB,
            energy=None if energy is None else Counted(energy),
            works=self._list_reserved(handle)
            if self._is_split(handle)
            else self._list_works(handle, uuid),
            facts={"device": uuid, "host": self.host},
        )

    def _is_split(self, handle: Handle) -> bool:
        modes = self._ask(lambda: self.library.nvmlDeviceGetMigMode(handle))
        return bool(modes and modes[0])

    def _list_works(self, handle: Handle, uuid: str) -> list[Work]:
        """Processes of a device that is not split, with what each of them kept busy."""
        processes = self._list_processes(handle)
        memory = {each.pid: _read_memory_kib(each) for each in processes}
        shares = self._read_shares(handle, uuid)
        is_estimated = shares is None
        if shares is None:
            busy = self._ask(lambda: self.library.nvmlDeviceGetUtilizationRates(handle))
            percent = min(busy.gpu, MAX_PERCENT) if busy is not None else 0
            shares = compute_proportional(percent * PPM_PER_PERCENT, dict.fromkeys(memory, 1))
        return [
            Work(
                self._find_facts(pid),
                shares.get(pid, 0),
                memory.get(pid, 0),
                is_estimated=is_estimated,
            )
            for pid in dict.fromkeys([*memory, *shares])
        ]

    def _read_shares(self, handle: Handle, uuid: str) -> dict[int, int] | None:
        """Shares in ppm by process since the last look; None where the device cannot say."""
        last = self._stamps.get(uuid, 0)
        try:
            found = self.library.nvmlDeviceGetProcessUtilization(handle, last)
        except self.library.NVMLError as error:
            if read_code(error) == NOT_FOUND:
                return {}
            if read_code(error) in UNSAID:
                return None
            raise
        fresh = [each for each in found if each.timeStamp > last and each.smUtil <= MAX_PERCENT]
        self._stamps[uuid] = max((each.timeStamp for each in fresh), default=last)
        return compute_mean_shares(fresh)

    def _list_reserved(self, handle: Handle) -> list[Work]:
        """Processes in the instances of a split device: each instance is theirs, busy or not."""
        library, works = self.library, []
        slices = max(library.nvmlDeviceGetMaxMigDeviceCount(handle), 1)
        for index in range(slices):
            instance = self._ask(
                lambda at=index: library.nvmlDeviceGetMigDeviceHandleByIndex(handle, at)  # type: ignore[misc]
            )
            if instance is None:
                continue
            attributes = library.nvmlDeviceGetAttributes(instance)
            pids = [each.pid for each in self._list_processes(instance)]
            share_ppm = min(attributes.computeInstanceSliceCount, slices) * PPM // slices
            shares = compute_proportional(share_ppm, dict.fromkeys(pids, 1))
            memory = compute_proportional(
                attributes.memorySizeMB * KIB_PER_MIB, dict.fromkeys(pids, 1)
            )
            works += [
                Work(self._find_facts(pid), shares[pid], memory[pid], is_estimated=len(pids) > 1)
                for pid in shares
            ]
        return works

    def _list_processes(self, handle: Handle) -> Sequence[ProcessInfo]:
        found = self._ask(lambda: self.library.nvmlDeviceGetComputeRunningProcesses(handle))
        return (found or ())[:MAX_PROCESSES]

    def _find_facts(self, pid: int) -> Facts:
        """What is known of a process, as of when it last lived."""
        facts = dict(self.read_facts(pid)) or self._facts.pop(pid, {})
        self._facts.pop(pid, None)
        self._facts[pid] = facts
        while len(self._facts) > REMEMBERED:
            del self._facts[next(iter(self._facts))]
        return facts

    def _ask(self, question: Callable[[], Said]) -> Said | None:
        """The answer, None where this device, driver or user cannot say."""
        try:
            return question()
        except self.library.NVMLError as error:
            if read_code(error) in UNSAID:
                return None
            raise


def compute_mean_shares(samples: Sequence[ProcessSample]) -> dict[int, int]:
    """Shares of a device in ppm by process; together never more than the device.

    Args:
        samples: percent per process; several of one process are averaged.
    """
    percents: dict[int, list[int]] = {}
    for each in samples:
        percents.setdefault(each.pid, []).append(each.smUtil)
    means = {pid: round(fmean(found) * PPM_PER_PERCENT) for pid, found in percents.items()}
    return compute_partition(PPM, means).parts


def _read_memory_kib(process: ProcessInfo) -> int:
    return (process.usedGpuMemory or 0) // KIB
