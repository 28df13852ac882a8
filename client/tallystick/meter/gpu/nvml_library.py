"""The part of NVIDIA's management library that is used here, as `pynvml` offers it.

`pynvml` itself is one, and so is what tests put in its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Protocol

from tallystick.meter.gpu.errors import NvmlUnavailable

NOT_SUPPORTED: Final = 3
NO_PERMISSION: Final = 4
NOT_FOUND: Final = 6
FUNCTION_NOT_FOUND: Final = 13
UNSAID: Final = frozenset({NOT_SUPPORTED, NO_PERMISSION, NOT_FOUND, FUNCTION_NOT_FOUND})
"""NVML_ERROR_ codes that mean: this device, driver or user cannot say that."""

Handle = Any
"""A device, opaque."""


class MemoryInfo(Protocol):
    """Bytes."""

    total: int
    used: int


class Rates(Protocol):
    """Percent of the last sample period."""

    gpu: int


class ProcessInfo(Protocol):
    """A process with a context on a device."""

    pid: int
    usedGpuMemory: int | None  # noqa: N815 - the library's own name


class ProcessSample(Protocol):
    """How busy a process kept a device: percent, and Unix us."""

    pid: int
    timeStamp: int  # noqa: N815 - the library's own name
    smUtil: int  # noqa: N815 - as above


class AccountedProcess(Protocol):
    """A process over its whole life: percent, bytes, ms (0 while it runs) and Unix us."""

    gpuUtilization: int  # noqa: N815 - the library's own name
    maxMemoryUsage: int | None  # noqa: N815 - as above
    time: int
    startTime: int  # noqa: N815 - as above
    isRunning: int  # noqa: N815 - as above


class InstanceAttributes(Protocol):
    """What an instance of a split device (MIG) has."""

    computeInstanceSliceCount: int  # noqa: N815 - the library's own name
    memorySizeMB: int  # noqa: N815 - as above


class NvmlLibrary(Protocol):
    """Names and arguments are the library's own; `NVMLError.value` is its code."""

    NVMLError: type[Exception]

    def nvmlInit(self) -> None: ...  # noqa: D102, N802 - the library's own names
    def nvmlShutdown(self) -> None: ...  # noqa: D102, N802
    def nvmlDeviceGetCount(self) -> int: ...  # noqa: D102, N802
    def nvmlDeviceGetHandleByIndex(self, index: int) -> Handle: ...  # noqa: D102, N802
    def nvmlDeviceGetUUID(self, handle: Handle) -> str | bytes: ...  # noqa: D102, N802
    def nvmlDeviceGetName(self, handle: Handle) -> str | bytes: ...  # noqa: D102, N802
    def nvmlDeviceGetMemoryInfo(self, handle: Handle) -> MemoryInfo: ...  # noqa: D102, N802
    def nvmlDeviceGetUtilizationRates(self, handle: Handle) -> Rates: ...  # noqa: D102, N802
    def nvmlDeviceGetTotalEnergyConsumption(self, handle: Handle) -> int: ...  # noqa: D102, N802
    def nvmlDeviceGetComputeRunningProcesses(  # noqa: D102, N802
        self, handle: Handle
    ) -> Sequence[ProcessInfo]: ...
    def nvmlDeviceGetProcessUtilization(  # noqa: D102, N802
        self,
        handle: Handle,
        timeStamp: int,  # noqa: N803
    ) -> Sequence[ProcessSample]: ...
    def nvmlDeviceGetMigMode(self, device: Handle) -> Sequence[int]: ...  # noqa: D102, N802
    def nvmlDeviceGetMaxMigDeviceCount(self, device: Handle) -> int: ...  # noqa: D102, N802
    def nvmlDeviceGetMigDeviceHandleByIndex(  # noqa: D102, N802
        self, device: Handle, index: int
    ) -> Handle: ...
    def nvmlDeviceGetAttributes(self, device: Handle) -> InstanceAttributes: ...  # noqa: D102, N802
    def nvmlDeviceGetAccountingMode(self, handle: Handle) -> int: ...  # noqa: D102, N802
    def nvmlDeviceGetAccountingPids(self, handle: Handle) -> Sequence[int]: ...  # noqa: D102, N802
    def nvmlDeviceGetAccountingStats(  # noqa: D102, N802
        self, handle: Handle, pid: int
    ) -> AccountedProcess: ...


def read_code(error: Exception) -> int:
    """The library's code of one of its errors, 0 where it has none."""
    value = getattr(error, "value", 0)
    return value if isinstance(value, int) else 0


def decode_text(text: str | bytes) -> str:
    """What the library says, which is bytes or text by version."""
    return text.decode(errors="replace") if isinstance(text, bytes) else text


def build_unavailable(error: Exception) -> NvmlUnavailable:
    """Our word for any of the library's errors."""
    return NvmlUnavailable(
        "NVIDIA's management library cannot be asked",
        expected="a driver and at least one device",
        actual=f"{error} (NVML error {read_code(error)})",
    )
