"""A management library whose devices a test describes; it answers as the real one does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NoReturn

import pynvml


@dataclass
class Process:
    pid: int
    usedGpuMemory: int | None = 0  # noqa: N815 - the library's own name


@dataclass
class Sampled:
    pid: int
    timeStamp: int  # noqa: N815
    smUtil: int  # noqa: N815


@dataclass
class Accounted:
    gpuUtilization: int = 0  # noqa: N815
    maxMemoryUsage: int | None = 0  # noqa: N815
    time: int = 0
    startTime: int = 0  # noqa: N815
    isRunning: int = 0  # noqa: N815


@dataclass
class Instance:
    computeInstanceSliceCount: int  # noqa: N815
    memorySizeMB: int  # noqa: N815
    processes: list[Process] = field(default_factory=list)


@dataclass
class MemoryInfo:
    total: int
    used: int = 0


@dataclass
class Rates:
    gpu: int


@dataclass
class Card:
    """One device; an answer that is an int is the library's error of that code."""

    uuid: str = "GPU-1"
    name: str = "NVIDIA H100 80GB HBM3"
    memory_bytes: int = 80 << 30
    energy_mj: int | None = 0
    busy_percent: int | None = 0
    processes: list[Process] = field(default_factory=list)
    samples: list[Sampled] | int = field(default_factory=list)
    instances: list[Instance | None] | None = None
    accounted: dict[int, Accounted] | None = None
    failure: int = 0


def fail(code: int) -> NoReturn:
    raise pynvml.NVMLError(code)


@dataclass
class FakeNvml:
    """As the module `pynvml`."""

    cards: Sequence[Card]
    init_failure: int = 0
    is_open: bool = False
    NVMLError: type[Exception] = pynvml.NVMLError

    def nvmlInit(self) -> None:  # noqa: N802
        if self.init_failure:
            fail(self.init_failure)
        self.is_open = True

    def nvmlShutdown(self) -> None:  # noqa: N802
        self.is_open = False

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        if not self.is_open:
            fail(pynvml.NVML_ERROR_UNINITIALIZED)
        return len(self.cards)

    def nvmlDeviceGetHandleByIndex(self, index: int) -> Card:  # noqa: N802
        if self.cards[index].failure:
            fail(self.cards[index].failure)
        return self.cards[index]

    def nvmlDeviceGetUUID(self, handle: Card) -> str:  # noqa: N802
        return handle.uuid

    def nvmlDeviceGetName(self, handle: Card) -> bytes:  # noqa: N802
        return handle.name.encode()

    def nvmlDeviceGetMemoryInfo(self, handle: Card) -> MemoryInfo:  # noqa: N802
        return MemoryInfo(handle.memory_bytes)

    def nvmlDeviceGetUtilizationRates(self, handle: Card) -> Rates:  # noqa: N802
        return Rates(handle.busy_percent) if handle.busy_percent is not None else _unsupported()

    def nvmlDeviceGetTotalEnergyConsumption(self, handle: Card) -> int:  # noqa: N802
        return handle.energy_mj if handle.energy_mj is not None else _unsupported()

    def nvmlDeviceGetComputeRunningProcesses(  # noqa: N802
        self, handle: Card | Instance
    ) -> list[Process]:
        return handle.processes

    def nvmlDeviceGetProcessUtilization(  # noqa: N802
        self,
        handle: Card,
        timeStamp: int,  # noqa: N803
    ) -> list[Sampled]:
        if isinstance(handle.samples, int):
            fail(handle.samples)
        fresh = [each for each in handle.samples if each.timeStamp > timeStamp]
        return fresh or fail(pynvml.NVML_ERROR_NOT_FOUND)

    def nvmlDeviceGetMigMode(self, device: Card) -> list[int]:  # noqa: N802
        return [int(device.instances is not None)] * 2

    def nvmlDeviceGetMaxMigDeviceCount(self, device: Card) -> int:  # noqa: N802
        return 7 if device.instances is not None else 0

    def nvmlDeviceGetMigDeviceHandleByIndex(self, device: Card, index: int) -> Instance:  # noqa: N802
        found = device.instances[index : index + 1] if device.instances else []
        return (found and found[0]) or fail(pynvml.NVML_ERROR_NOT_FOUND)

    def nvmlDeviceGetAttributes(self, device: Instance) -> Instance:  # noqa: N802
        return device

    def nvmlDeviceGetAccountingMode(self, handle: Card) -> int:  # noqa: N802
        return int(handle.accounted is not None)

    def nvmlDeviceGetAccountingPids(self, handle: Card) -> list[int]:  # noqa: N802
        return list(handle.accounted) if handle.accounted is not None else _unsupported()

    def nvmlDeviceGetAccountingStats(self, handle: Card, pid: int) -> Accounted:  # noqa: N802
        known = handle.accounted or {}
        return known[pid] if pid in known else fail(pynvml.NVML_ERROR_NOT_FOUND)


def _unsupported() -> NoReturn:
    fail(pynvml.NVML_ERROR_NOT_SUPPORTED)
