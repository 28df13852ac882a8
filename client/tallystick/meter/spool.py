"""The spool: frames as they were signed, synced before they are first sent.

A frame never changes. Where the chain's cursor came to lie inside one, the rest of its records is
signed anew and the new frame takes the old one's place; both stay on disk until they have settled.
After a rotation of the meter's key everything unsettled is signed anew; what the key before signed
settles no more, and goes where its room is needed.
"""

from __future__ import annotations

import os
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tallystick.core.frames import Frame, decode_frames, encode_frame
from tallystick.meter.errors import SpoolFull
from tallystick.meter.segment_file import CHUNK_HEADER_BYTES, SegmentFile, Sync
from tallystick.meter.segments import SegmentLog

KIND: Final = b"SPOL"
MAX_PUT_FRAMES: Final = 4096


@dataclass(frozen=True, slots=True)
class SpooledFrame:
    """Where one signed frame lies, and what it covers."""

    first_seq: int
    end_seq: int
    key_index: int
    segment: SegmentFile
    offset: int
    length: int


class Spool:
    """Signed frames of one meter in the order of their sequence numbers.

    Args:
        folder: the spool's own.
        max_bytes: bound on disk.
        segment_bytes: size of a file, the unit in which settled frames are deleted.
        sync: makes a file descriptor's data durable.

    Raises:
        FolderLocked: another process has it open.
        SegmentCorrupt: a frame that may have been sent is damaged.
    """

    def __init__(
        self,
        folder: Path,
        *,
        max_bytes: int = 1 << 30,
        segment_bytes: int = 16 << 20,
        sync: Sync = os.fdatasync,
    ) -> None:
        self._log = SegmentLog(folder, kind=KIND, segment_bytes=segment_bytes, sync=sync)
        self._max_bytes = max_bytes
        self._settled_seq = 0
        self._frames: list[SpooledFrame] = []
        self._end_by_ordinal: dict[int, int] = {}
        self._key_by_ordinal: dict[int, int] = {}
        self._key_index = 0
        for segment, chunk in self._log.chunks():
            self._index(segment, chunk)

    @property
    def end_seq(self) -> int:
        """The number after the last record ever put into a frame that is still here; 0 if none."""
        return max(self._end_by_ordinal.values(), default=0)

    @property
    def size_bytes(self) -> int:
        """Bytes on disk."""
        return self._log.size_bytes

    def put(self, frames: Sequence[Frame]) -> None:
        """The frames are on disk; they take the place of those that they overlap.

        Args:
            frames: at least one, signed.

        Raises:
            SpoolFull: the bound is reached even without what has settled.
            StorageFailed: the disk refused.
        """
        payload = b"".join(encode_frame(frame) for frame in frames)
        self._make_room(len(payload) + CHUNK_HEADER_BYTES)
        segment = self._log.append(frames[0].first_seq, payload)
        self._index(segment, len(segment.numbers) - 1)

    def frames_from(self, seq: int, *, key_index: int) -> list[SpooledFrame]:
        """The unbroken run of frames that starts exactly at `seq`; empty where none does.

        Args:
            seq: usually the cursor.
            key_index: frames under another key end the run.
        """
        run = []
        for frame in self._frames[bisect_left(self._frames, seq, key=_first_seq) :]:
            if frame.first_seq != seq or frame.key_index != key_index:
                break
            run.append(frame)
            seq = frame.end_seq
        return run

    def find_gaps(self, start: int, end: int, *, key_index: int) -> list[tuple[int, int]]:
        """What of [start, end) no frame under this key covers without beginning before `start`.

        Returns:
            Half-open ranges in ascending order.
        """
        gaps = []
        for frame in self._frames[bisect_left(self._frames, start, key=_first_seq) :]:
            if frame.first_seq >= end:
                break
            if frame.key_index != key_index:
                continue
            if frame.first_seq > start:
                gaps.append((start, frame.first_seq))
            start = frame.end_seq
        return [*gaps, (start, end)] if start < end else gaps

    def read(self, frame: SpooledFrame) -> bytes:
        """The frame as it travels; empty when it has been deleted meanwhile."""
        return self._log.read(frame.segment, frame.offset, frame.length)

    def settle_up_to(self, settled_seq: int, *, delete_before_s: float) -> None:
        """Files whose frames have all settled and that are older than that are deleted.

        Args:
            settled_seq: the final cursor.
            delete_before_s: Unix seconds, of a file's last write.
        """
        self._settled_seq = settled_seq
        self._delete_settled(delete_before_s)

    def retire_keys(self, key_index: int) -> None:
        """Frames under a key before this one can never settle any more."""
        self._key_index = key_index

    def close(self) -> None:
        """The folder is free for another process."""
        self._log.close()

    def _make_room(self, wanted: int) -> None:
        if self._log.size_bytes + wanted > self._max_bytes:
            self._delete_settled(float("inf"), with_retired=True)
        if self._log.size_bytes + wanted > self._max_bytes:
            raise SpoolFull(
                "the spool is full of unsettled frames",
                expected=f"at most {self._max_bytes} bytes",
                actual=self._log.size_bytes + wanted,
            )

    def _delete_settled(self, delete_before_s: float, *, with_retired: bool = False) -> None:
        def may_go(segment: SegmentFile) -> bool:
            is_settled = self._end_by_ordinal.get(segment.ordinal, 0) <= self._settled_seq
            is_retired = self._key_by_ordinal.get(segment.ordinal, 0) < self._key_index
            is_old = segment.modified_at_s < delete_before_s
            return (is_settled and is_old) or (with_retired and is_retired)

        deleted = self._log.delete_oldest_while(may_go)
        if deleted:
            for segment in deleted:
                self._end_by_ordinal.pop(segment.ordinal, None)
                self._key_by_ordinal.pop(segment.ordinal, None)
            self._frames = [frame for frame in self._frames if frame.segment not in deleted]

    def _index(self, segment: SegmentFile, chunk: int) -> None:
        """The chunk's frames take the place of those that they overlap."""
        start, length = segment.locate(chunk)
        offset = start
        added = []
        for frame in decode_frames(segment.read(start, length), max_frames=MAX_PUT_FRAMES):
            size = len(encode_frame(frame))
            added.append(
                SpooledFrame(frame.first_seq, frame.end_seq, frame.key_index, segment, offset, size)
            )
            offset += size
        for found in added:
            low = bisect_right(self._frames, found.first_seq, key=_end_seq)
            high = bisect_left(self._frames, found.end_seq, key=_first_seq)
            self._frames[low:high] = [found]
        key_index = max(found.key_index for found in added)
        known_key = self._key_by_ordinal.get(segment.ordinal, 0)
        self._key_by_ordinal[segment.ordinal] = max(known_key, key_index)
        end_seq = max(found.end_seq for found in added)
        known = self._end_by_ordinal.get(segment.ordinal, 0)
        self._end_by_ordinal[segment.ordinal] = max(known, end_seq)


def _first_seq(frame: SpooledFrame) -> int:
    return frame.first_seq


def _end_seq(frame: SpooledFrame) -> int:
    return frame.end_seq
