"""The meter's journal: measurements, numbered and synced before anyone is told they are kept.

Numbers come from here alone and are never used twice. Appends from any number of threads are
gathered while a sync runs and become durable together in the next (group commit); an idle journal
commits at once.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from threading import Condition, Thread
from typing import Final

import numpy as np

from tallystick.core.errors import CostFilledIn
from tallystick.core.usage import RECORD_BYTES, RECORD_DTYPE, Records
from tallystick.meter.errors import JournalFull, JournalLost, SegmentCorrupt, StorageFailed
from tallystick.meter.segment_file import CHUNK_HEADER_BYTES, SegmentFile, Sync
from tallystick.meter.segments import SegmentLog

KIND: Final = b"JRNL"
MAX_CHUNK_BYTES: Final = 65_536 * RECORD_BYTES
MAX_PENDING_BYTES: Final = 64 << 20
"""What may wait for the disk; more is refused unless nothing else waits."""


@dataclass(frozen=True, slots=True)
class _Append:
    payload: bytes
    first_seq: Future[int]


class Journal:
    """Records of one meter, from the oldest one kept to `next_seq`.

    Args:
        folder: the journal's own.
        max_bytes: bound on disk; beyond it `append` refuses.
        segment_bytes: size of a file, the unit in which settled records are deleted.
        sync: makes a file descriptor's data durable.

    Raises:
        FolderLocked: another process has it open.
        SegmentCorrupt: acknowledged records are damaged.
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
        self._pending: list[_Append] = []
        self._pending_bytes = 0
        self._is_closing = False
        self._listeners: list[Callable[[], None]] = []
        self._changed = Condition()
        try:
            self._next_seq = _check_numbers(self._log)
        except SegmentCorrupt:
            self._log.close()
            raise
        self._writer = Thread(target=self._run, name=f"journal {folder}", daemon=True)
        self._writer.start()

    @property
    def next_seq(self) -> int:
        """The number that the next record will get; everything below is durable."""
        return self._next_seq

    @property
    def first_seq(self) -> int:
        """The oldest number still kept."""
        return self._log.segments[0].first_number

    @property
    def size_bytes(self) -> int:
        """Bytes on disk."""
        return self._log.size_bytes

    def append(self, records: Records) -> int:
        """The records are on disk under consecutive numbers.

        Args:
            records: at least one, cost words zero.

        Returns:
            The first record's number.

        Raises:
            CostFilledIn: only validators value records.
            JournalFull: the bound is reached; nothing was kept.
            StorageFailed: the disk refused; nothing is acknowledged any more.
        """
        return self.submit(records).result()

    def submit(self, records: Records) -> Future[int]:
        """As `append`, without waiting: the future's result is the first number, once synced."""
        if records["cost_word"].any():
            raise CostFilledIn("a meter filled in a cost", expected=0, actual="a non-zero cost")
        entry = _Append(records.astype(RECORD_DTYPE, copy=False).tobytes(), Future())
        if not entry.payload:
            raise ValueError("an append of no records has no first number")
        entry.first_seq.set_running_or_notify_cancel()
        with self._changed:
            self._check_room(_compute_room(entry.payload))
            self._pending.append(entry)
            self._pending_bytes += _compute_room(entry.payload)
            self._changed.notify()
        return entry.first_seq

    def read(self, first_seq: int, count: int) -> Records:
        """Up to `count` records from `first_seq` on; fewer only where the journal ends.

        Raises:
            JournalLost: records this old are no longer kept.
        """
        end_seq = min(first_seq + count, self._next_seq)
        parts = list(self._read_parts(first_seq, end_seq))
        data = b"".join(parts)
        if len(data) < (end_seq - first_seq) * RECORD_BYTES:
            raise JournalLost(
                "records asked for are no longer in the journal",
                expected=f"from number {self.first_seq} on",
                actual=first_seq,
            )
        return np.frombuffer(data, RECORD_DTYPE)

    def settle_up_to(self, settled_seq: int, *, delete_before_s: float) -> None:
        """Segments wholly settled and last written before `delete_before_s` are deleted.

        Args:
            settled_seq: the final cursor.
            delete_before_s: Unix seconds.
        """
        self._settled_seq = settled_seq
        self._delete_settled(lambda segment: segment.modified_at_s < delete_before_s)

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """`listener` is called, from the journal's thread, after every commit.

        Returns:
            Ends the subscription.
        """
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def close(self) -> None:
        """What was submitted is committed, and the folder free for another process."""
        with self._changed:
            self._is_closing = True
            self._changed.notify()
        self._writer.join()
        self._log.close()

    def _check_room(self, room: int) -> None:
        if self._is_closing:
            raise StorageFailed("the journal was closed")
        wanted = self._pending_bytes + room
        if self._pending and wanted > MAX_PENDING_BYTES:
            raise JournalFull(
                "too much waits for the disk", expected=MAX_PENDING_BYTES, actual=wanted
            )
        if self._log.size_bytes + wanted > self._max_bytes:
            self._delete_settled(lambda _: self._log.size_bytes + wanted > self._max_bytes)
        if self._log.size_bytes + wanted > self._max_bytes:
            raise JournalFull(
                "the journal is full of unsettled records",
                expected=f"at most {self._max_bytes} bytes",
                actual=self._log.size_bytes + wanted,
            )

    def _delete_settled(self, may_go: Callable[[SegmentFile], bool]) -> None:
        segments = list(self._log.segments)
        end_by_ordinal = {
            before.ordinal: after.first_number for before, after in pairwise(segments)
        }
        self._log.delete_oldest_while(
            lambda segment: (
                end_by_ordinal.get(segment.ordinal, self._next_seq) <= self._settled_seq
                and may_go(segment)
            )
        )

    def _read_parts(self, seq: int, end_seq: int) -> Iterator[bytes]:
        while seq < end_seq:
            found = self._find_chunk(seq)
            if found is None:
                return
            segment, chunk = found
            offset, length = segment.locate(chunk)
            skipped = (seq - segment.numbers[chunk]) * RECORD_BYTES
            wanted = min(length - skipped, (end_seq - seq) * RECORD_BYTES)
            part = self._log.read(segment, offset + skipped, wanted)
            if len(part) < wanted:
                return
            yield part
            seq += wanted // RECORD_BYTES

    def _find_chunk(self, seq: int) -> tuple[SegmentFile, int] | None:
        segments = list(self._log.segments)
        at = bisect_right(segments, seq, key=lambda segment: segment.first_number) - 1
        if at < 0:
            return None
        return segments[at], bisect_right(segments[at].numbers, seq) - 1

    def _run(self) -> None:
        """Commit what waits, until closed; whatever fails, no waiter is left hanging."""
        while batch := self._take_pending():
            try:
                first_seq = self._commit(batch)
            except Exception as error:  # noqa: BLE001 - a loop runner: the waiters get the error
                for entry in batch:
                    entry.first_seq.set_exception(error)
                continue
            finally:
                self._release_room(batch)
            for entry in batch:
                entry.first_seq.set_result(first_seq)
                first_seq += len(entry.payload) // RECORD_BYTES
            for listener in tuple(self._listeners):
                listener()

    def _take_pending(self) -> list[_Append]:
        with self._changed:
            self._changed.wait_for(lambda: self._pending or self._is_closing)
            batch, self._pending = self._pending, []
            return batch

    def _release_room(self, batch: list[_Append]) -> None:
        with self._changed:
            self._pending_bytes -= sum(_compute_room(entry.payload) for entry in batch)

    def _commit(self, batch: list[_Append]) -> int:
        """Everything in the batch is durable; its first number is returned."""
        first_seq = self._next_seq
        payload = b"".join(entry.payload for entry in batch)
        for start in range(0, len(payload), MAX_CHUNK_BYTES):
            piece = payload[start : start + MAX_CHUNK_BYTES]
            self._log.append(self._next_seq, piece)
            self._next_seq += len(piece) // RECORD_BYTES
        return first_seq


def _compute_room(payload: bytes) -> int:
    """Bytes that the payload may take on disk."""
    return len(payload) + CHUNK_HEADER_BYTES * (1 + len(payload) // MAX_CHUNK_BYTES)


def _check_numbers(log: SegmentLog) -> int:
    """Every chunk starts where the one before it ended; the number after the last is returned."""
    expected = log.segments[0].first_number
    for segment, chunk in log.chunks():
        _, length = segment.locate(chunk)
        if segment.numbers[chunk] != expected or length % RECORD_BYTES:
            raise SegmentCorrupt(
                f"record numbers in {segment.path} do not follow each other",
                expected=expected,
                actual=segment.numbers[chunk],
            )
        expected += length // RECORD_BYTES
    if log.segments[-1].first_number > expected:
        raise SegmentCorrupt(
            f"records are missing before {log.segments[-1].path}",
            expected=expected,
            actual=log.segments[-1].first_number,
        )
    return expected
