"""CPU time by program: what a record costs even on a machine that has other things to do."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

CHAIN: Final = "anvil"
TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")
PARENT, USER_TICKS, SYSTEM_TICKS = 1, 11, 12
"""Places in /proc/PID/stat after the command's name (proc_pid_stat(5))."""


def read_cpu_s() -> dict[str, float]:
    """CPU seconds used so far by the chain, the validators and the load (this process)."""
    used = {"chain": 0.0, "validators": 0.0, "load": time.process_time()}
    for name, seconds in _read_children():
        used["chain" if name == CHAIN else "validators"] += seconds
    return used


def _read_children() -> Iterator[tuple[str, float]]:
    """Name and CPU seconds of each process that this one started and that still runs."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it ended meanwhile
            name, _, rest = path.read_text().partition("(")[2].rpartition(")")
            fields = rest.split()
            if int(fields[PARENT]) == os.getpid():
                ticks = int(fields[USER_TICKS]) + int(fields[SYSTEM_TICKS])
                yield name, ticks / TICKS_PER_S
