"""Files of the log of calls: written ahead of need, filled with zeros, renamed when begun.

Writing into bytes that the disk already holds makes a sync half as long as growing a file does.
"""

from __future__ import annotations

import errno
import mmap
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tallystick.meter.call_entries import Entry, Kind, is_damaged_before, scan_entries
from tallystick.meter.call_map import map_file
from tallystick.meter.errors import CallLogLost
from tallystick.meter.segment_file import sync_path

SUFFIX: Final = ".calls"
SPARE: Final = "spare.new"
MIN_FREE_BYTES: Final = 16 << 20
"""Of the disk, left for what must not fail: finishing calls, the journal, the chain's answers."""

Sync = Callable[[int], None]


class CallFile:
    """A file of the log, open for writing at its end.

    Args:
        path: see `find_path`.
        descriptor: of the file, for reading and writing.
        size: bytes of entries in it.
        synced: how many of them are durable.
    """

    def __init__(self, path: Path, descriptor: int, size: int = 0, synced: int = 0) -> None:
        self.path = path
        self.descriptor = descriptor
        self.size = size
        self.synced = synced
        self._map = map_file(descriptor)
        self._mapped_bytes = 0 if self._map is None else len(self._map)

    @property
    def ordinal(self) -> int:
        """Its place in the log."""
        return int(self.path.stem)

    def write(self, data: bytes) -> None:
        """The data follows what is there, and survives this process; not yet a power cut.

        Raises:
            OSError: a part of it may be there; nothing more must be written.
        """
        end = self.size + len(data)
        if self._map is not None and end <= self._mapped_bytes:
            self._map[self.size : end] = data
        else:
            write_all(self.descriptor, data, self.size)
        self.size = end

    def close(self) -> None:
        """The file is closed."""
        if self._map is not None:
            self._map.close()
        os.close(self.descriptor)


def find_path(folder: Path, ordinal: int) -> Path:
    """Where the log's file of this ordinal lies."""
    return folder / f"{ordinal:08d}{SUFFIX}"


def is_disk_full(folder: Path, wanted: int = 0) -> bool:
    """Whether nothing more should be begun on this disk; ended it may be all the same."""
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize < wanted + MIN_FREE_BYTES


def write_spare(folder: Path, capacity: int) -> int:
    """A file of zeros lies ready, durably; its descriptor is returned.

    Raises:
        OSError: the disk has no room.
    """
    path = folder / SPARE
    path.unlink(missing_ok=True)
    if is_disk_full(folder, capacity):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        _fill(descriptor, capacity)
        os.fsync(descriptor)
    except BaseException:
        os.close(descriptor)
        path.unlink(missing_ok=True)
        raise
    return descriptor


def adopt_spare(folder: Path, descriptor: int, ordinal: int) -> CallFile:
    """The spare file has its place in the log; the folder still has to be synced."""
    path = find_path(folder, ordinal)
    (folder / SPARE).rename(path)
    return CallFile(path, descriptor)


def create_file(folder: Path, ordinal: int, data: bytes, capacity: int) -> CallFile:
    """A file that starts with `data`: after a power cut it is there with all of it, or not at all.

    Raises:
        OSError: the disk refused.
    """
    descriptor = write_spare(folder, max(capacity, len(data)))
    try:
        write_all(descriptor, data, 0)
        os.fsync(descriptor)
        file = adopt_spare(folder, descriptor, ordinal)
        sync_path(folder)
    except BaseException:
        os.close(descriptor)
        raise
    file.size = file.synced = len(data)
    return file


def list_paths(folder: Path) -> list[Path]:
    """The log's files, oldest first.

    Raises:
        CallLogLost: one is missing in between.
    """
    paths = sorted(folder.glob(f"*{SUFFIX}"))
    for place, path in enumerate(paths):
        if int(path.stem) != int(paths[0].stem) + place:
            raise CallLogLost(
                f"a file of the log of calls is missing before {path}",
                expected=int(paths[0].stem) + place,
                actual=int(path.stem),
            )
    return paths


def read_entries(path: Path, *, is_last: bool) -> list[Entry]:
    """What was written into the file, without a torn tail.

    Args:
        path: of the file.
        is_last: whether its tail may be torn: every other file was synced before the next began.

    Returns:
        None at all where even the START is torn.

    Raises:
        CallLogLost: what is damaged had been synced.
    """
    data = path.read_bytes()
    try:
        entries = list(scan_entries(data))
    except ValueError as error:
        raise CallLogLost(f"{path} was written by another version", actual=str(error)) from error
    if entries and entries[0].kind != Kind.START:
        raise CallLogLost(f"{path} does not begin with a start", actual=entries[0].kind)
    end = entries[-1].end if entries else 0
    is_torn = data.count(0, end) < len(data) - end
    if is_torn and (not is_last or is_damaged_before(data, end)):
        raise CallLogLost(
            f"calls in {path} that were durable are damaged",
            expected="whole entries",
            actual=f"damage at byte {end}",
        )
    return entries


def make_durable(path: Path, entries: list[Entry]) -> None:
    """The entries are on disk and nothing else is in the file.

    They are written once more: after a failed sync the kernel may count pages as clean that never
    reached the disk.
    """
    end = entries[-1].end
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.ftruncate(descriptor, end)
        write_all(descriptor, os.pread(descriptor, end, 0), 0)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _fill(descriptor: int, capacity: int) -> None:
    """The file is full of zeros, written page by page.

    What is written at once is one unit of the kernel's cache; of mapped files such units are
    synced whole, however little of them was changed: that took 0.6 ms instead of 0.25.
    """
    page = bytes(mmap.PAGESIZE)
    for offset in range(0, capacity, len(page)):
        write_all(descriptor, page[: capacity - offset], offset)


def write_all(descriptor: int, data: bytes, offset: int) -> None:
    """All of the data is at the offset."""
    written = os.pwrite(descriptor, data, offset)
    while written < len(data):
        written += os.pwrite(descriptor, memoryview(data)[written:], offset + written)
