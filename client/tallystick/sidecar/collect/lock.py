"""Who meters what from one folder: devices by a collector alone or by jobs, every page once."""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tallystick.local.errors import NotRunning
from tallystick.local.folder import NetworkFolder
from tallystick.meter.gpu.errors import CollectorBusy

LOCK_NAME: Final = "collect"


@contextmanager
def hold_devices(folder: Path, *, is_alone: bool) -> Iterator[None]:
    """No collector and job meter the same use of this machine's devices inside the block.

    Args:
        folder: the network's.
        is_alone: for a collector of everything; jobs share the devices with other jobs.

    Raises:
        NotRunning: no network was ever started there.
        CollectorBusy: somebody else meters them already.
    """
    with _hold(folder, f"{LOCK_NAME}.lock", "this machine's devices", is_shared=not is_alone):
        yield


@contextmanager
def hold_page(folder: Path, url: str) -> Iterator[None]:
    """No other collector of the folder reads this page inside the block.

    Args:
        folder: the network's.
        url: of the page.

    Raises:
        NotRunning, CollectorBusy: as above.
    """
    name = f"{LOCK_NAME}-{hashlib.sha256(url.encode()).hexdigest()[:16]}.lock"
    with _hold(folder, name, url, is_shared=False):
        yield


@contextmanager
def _hold(folder: Path, name: str, what: str, *, is_shared: bool) -> Iterator[None]:
    network = NetworkFolder(folder)
    if network.read_network() is None:
        raise NotRunning(str(folder), why="there is no network in this folder")
    with try_lock(network.run / name, is_shared=is_shared) as is_held:
        if not is_held:
            raise CollectorBusy(
                f"{what}: metered from this folder already, a use would be billed twice",
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
