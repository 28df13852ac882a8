"""The databases of a chain node: one process at a time has them open."""

from __future__ import annotations

import fcntl
import time
from pathlib import Path
from typing import Final

LOCK_NAME: Final = "LOCK"
POLL_S: Final = 0.05


def wait_until_closed(data: Path, patience_s: float) -> bool:
    """Whether every database of a node that does not run is closed within `patience_s`.

    The chain's virtual machine is a process of its own, which outlives a node that was killed for
    as long as it takes to write down what it has; a node that starts meanwhile has no chain.

    Args:
        data: the node's folder.
        patience_s: for all of them together.
    """
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
