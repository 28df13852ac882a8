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
    with (NetworkFolder(folder).run / LOCK_NAME).open("w") as file:
        try:
            fcntl.flock(file, (fcntl.LOCK_EX if is_alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CollectorBusy(
                "devices are metered from this folder already: a use would be billed twice",
                expected="one collector, or jobs alone",
                actual="a collector or a job that runs",
            ) from error
        yield
