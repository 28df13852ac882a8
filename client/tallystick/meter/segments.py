"""A log of append-only segment files in one folder, open in one process at a time.

The journal and the spool are both kept in one. Whoever appends does so from one thread at a time;
reading is safe from any thread.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from threading import Lock

from tallystick.meter.errors import FolderLocked, SegmentCorrupt, StorageFailed
from tallystick.meter.segment_file import (
    CHUNK_HEADER_BYTES,
    SUFFIX,
    SegmentFile,
    Sync,
    sync_path,
)


class SegmentLog:
    """Chunks of bytes in the order in which they were appended, each durable when `append` returns.

    Args:
        folder: made if missing, with its parents.
        kind: four bytes that tell this log's segments from others'.
        segment_bytes: a segment is closed once the next chunk would take it past this size.
        sync: makes a file descriptor's data durable.

    Raises:
        FolderLocked: another process has the log open.
        SegmentCorrupt: acknowledged bytes are damaged or missing.
    """

    def __init__(
        self, folder: Path, *, kind: bytes, segment_bytes: int, sync: Sync = os.fdatasync
    ) -> None:
        self.folder = folder
        self._kind = kind
        self._segment_bytes = segment_bytes
        self._sync = sync
        self._failure: StorageFailed | None = None
        self._guard = Lock()
        create_folder(folder)
        self._lock_descriptor = lock_folder(folder)
        try:
            self.segments = self._open_segments()
        except BaseException:
            os.close(self._lock_descriptor)
            raise

    @property
    def size_bytes(self) -> int:
        """Bytes on disk, all segments together."""
        return sum(segment.size for segment in self.segments)

    def append(self, number: int, payload: bytes) -> SegmentFile:
        """The payload is durable, as one chunk.

        Args:
            number: of the first item in it.
            payload: not empty.

        Returns:
            The segment it went to, as its last chunk.

        Raises:
            StorageFailed: the disk refused, now or before; the log takes nothing more.
        """
        if self._failure is not None:
            raise self._failure
        try:
            segment = self._segment_for(number, len(payload))
            segment.append(number, payload)
        except OSError as error:
            self._failure = StorageFailed(
                f"{self.folder} cannot be written",
                expected="a successful write and sync",
                actual=error.strerror or str(error),
            )
            raise self._failure from error
        return segment

    def chunks(self) -> Iterator[tuple[SegmentFile, int]]:
        """Every chunk as its segment and its index there, oldest first."""
        for segment in self.segments:
            for chunk in range(len(segment.numbers)):
                yield segment, chunk

    def delete_oldest_while(self, may_go: Callable[[SegmentFile], bool]) -> list[SegmentFile]:
        """The oldest segments for which `may_go` holds are deleted, never the last one.

        Returns:
            Those deleted, oldest first.
        """
        deleted = []
        with self._guard:
            while len(self.segments) > 1 and may_go(self.segments[0]):
                segment = self.segments.pop(0)
                segment.delete()
                deleted.append(segment)
        return deleted

    def read(self, segment: SegmentFile, offset: int, length: int) -> bytes:
        """Bytes of a payload; empty when the segment has been deleted meanwhile."""
        with self._guard:
            if segment not in self.segments:
                return b""
            return segment.read(offset, length)

    def close(self) -> None:
        """Files are closed and the folder is free for another process; more calls do nothing."""
        with self._guard:
            if not self.segments:
                return
            for segment in self.segments:
                segment.close()
            self.segments = []
            self._failure = StorageFailed(f"{self.folder} was closed")
            os.close(self._lock_descriptor)

    def _segment_for(self, number: int, length: int) -> SegmentFile:
        last = self.segments[-1]
        is_empty = len(last.numbers) == 0
        if is_empty or last.size + CHUNK_HEADER_BYTES + length <= self._segment_bytes:
            return last
        added = self._create_segment(last.ordinal + 1, number)
        with self._guard:
            self.segments.append(added)
        return added

    def _open_segments(self) -> list[SegmentFile]:
        for unfinished in self.folder.glob("*.new"):
            unfinished.unlink()
        paths = sorted(self.folder.glob(f"*{SUFFIX}"))
        segments = [
            SegmentFile(path, kind=self._kind, is_last=path == paths[-1], sync=self._sync)
            for path in paths
        ]
        for before, after in pairwise(segments):
            if after.ordinal != before.ordinal + 1:
                raise SegmentCorrupt(
                    f"a segment is missing before {after.path}",
                    expected=before.ordinal + 1,
                    actual=after.ordinal,
                )
        return segments or [self._create_segment(0, 0)]

    def _create_segment(self, ordinal: int, first_number: int) -> SegmentFile:
        return SegmentFile.create(
            self.folder,
            ordinal=ordinal,
            first_number=first_number,
            kind=self._kind,
            sync=self._sync,
        )


def create_folder(folder: Path) -> None:
    """The folder exists, and so it does after a power cut."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for path in missing:
        sync_path(path.parent)


def lock_folder(folder: Path) -> int:
    """A descriptor that holds the folder's lock until it is closed or its process ends."""
    path = folder / "lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise FolderLocked(
            f"{folder} is open in another process",
            expected="one process at a time",
            actual=f"process {path.read_text() or 'unknown'}",
        ) from error
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    return descriptor
