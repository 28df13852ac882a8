"""How much memory processes take while they are hurt."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path


class PeakMemory:
    """The greatest memory of processes since this was made.

    Args:
        pids: by name; they go on running.
    """

    def __init__(self, pids: Mapping[str, int]) -> None:
        self._pids = dict(pids)
        for pid in self._pids.values():
            Path(f"/proc/{pid}/clear_refs").write_text("5")  # the peak counts from here
        self._before = {name: read_bytes(pid, "VmRSS") for name, pid in self._pids.items()}

    def measure(self) -> dict[str, int]:
        """By how many bytes each has grown at its greatest."""
        return {
            name: read_bytes(pid, "VmHWM") - self._before[name] for name, pid in self._pids.items()
        }

    def check(self, limit_bytes: int) -> None:
        """None of them took more than so much beyond what it had."""
        grown = self.measure()
        print({name: f"{growth >> 20} MiB" for name, growth in grown.items()})
        assert max(grown.values()) < limit_bytes, grown


def read_bytes(pid: int, field: str) -> int:
    """One of the sizes in /proc/PID/status."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(rf"^{field}:\s+(\d+) kB$", status, re.MULTILINE)
    assert found is not None, f"no {field} of process {pid}"
    return int(found[1]) << 10
