"""The databases of a chain node: one process at a time has them open."""

from __future__ import annotations

import fcntl
import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

LOCK_NAME: Final = "LOCK"
POLL_S: Final = 0.05


def free_databases(data: Path, machine: str, patience_s: float) -> bool:
    """Whether every database of a node that does not run is closed.

    The chain's virtual machine is a process of its own, which outlives a node that was killed, and
    a node that starts meanwhile has no chain. It is given `patience_s` to end by itself, then as
    long to be gone once it was killed: what is half written is left out when it is opened again.

    Args:
        data: the node's folder.
        machine: the file name of the virtual machine; no other program is ended.
        patience_s: see above.
    """
    if _wait_until_closed(data, patience_s):
        return True
    for pid in _find_holders(data, machine):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return _wait_until_closed(data, patience_s)


def _wait_until_closed(data: Path, patience_s: float) -> bool:
    deadline = time.monotonic() + patience_s
    while any(_is_open(lock) for lock in data.rglob(LOCK_NAME)):
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_S)
    return True


def _is_open(lock: Path) -> bool:
    """Whether a process holds the lock, by either of the system's two ways."""
    with lock.open("r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _find_holders(data: Path, program: str) -> Iterator[int]:
    """Processes of that program that have one of these very databases open, where /proc tells."""
    locks = {lock.resolve() for lock in data.rglob(LOCK_NAME)}
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended by now, or is somebody else's
            name, _, _ = (process / "exe").readlink().name.partition(" ")
            if name == program and any(
                file.readlink() in locks for file in (process / "fd").iterdir()
            ):
                yield int(process.name)
