"""What the numbers were taken on: they mean little without it."""

from __future__ import annotations

import os
import platform
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

SYNCS: Final = 64
SYNC_BYTES: Final = 4_096


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine, and how busy it was when measuring began."""

    processor: str
    cores: int
    python: str
    disk_sync_ms: float
    load_average: float


def describe_machine(folder: Path) -> Machine:
    """This machine; `folder` lies on the disk that nodes will sync to."""
    return Machine(
        processor=_read_processor(),
        cores=len(os.sched_getaffinity(0)),
        python=platform.python_version(),
        disk_sync_ms=round(_measure_sync_s(folder) * 1000, 3),
        load_average=round(os.getloadavg()[0], 2),
    )


def _read_processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or "unknown")


def _measure_sync_s(folder: Path) -> float:
    """The median time of a small write that reaches the disk."""
    path = folder / "sync"
    taken_s: list[float] = []
    with path.open("wb", buffering=0) as file:
        for _ in range(SYNCS):
            file.write(bytes(SYNC_BYTES))
            began_s = time.perf_counter()
            os.fdatasync(file.fileno())
            taken_s.append(time.perf_counter() - began_s)
    path.unlink()
    return median(taken_s)
