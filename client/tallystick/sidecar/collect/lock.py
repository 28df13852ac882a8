"""Who meters this machine's devices from one folder: a collector alone, or any number of jobs."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tallystick.local.errors import NotRunning
from tallystick.local.folder import NetworkFolder
from tallystick.meter.gpu.errors import CollectorBusy

LOCK_NAME: Final = "collect.lock"


@contextmanager
def hold_devices(folder: Path, *, is_alone: bool) -> Iterator[None]:
    """No collector and job meter the same use inside the block.

    Args:
        folder: the network's.
        is_alone: for a collector of everything; jobs share the devices with other jobs.

    Raises:
        NotRunning: no network was ever started there.
        CollectorBusy: somebody else meters them already.
    """
    if NetworkFolder(folder).read_network() is None:
        raise NotRunning(str(folder), why="there is no network in this folder")
    with try_lock(NetworkFolder(folder).run / LOCK_NAME, is_shared=not is_alone) as is_held:
        if not is_held:
            raise CollectorBusy(
                "devices are metered from this folder already: a use would be billed twice",
                expected="one collector, or jobs alone",
                actual="a collector or a job that runs",
            )
        yield


@contextmanager
def try_lock(path: Path, *, is_shared: bool = False) -> Iterator[bool]:
    """Whether the lock is this process's inside the block; another one's may be shared.

    Args:
        path: of a file, made if missing.
        is_shared: whether others may hold it too, if they share it.
    """
    with path.open("w") as file:
        try:
            fcntl.flock(file, (fcntl.LOCK_SH if is_shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
