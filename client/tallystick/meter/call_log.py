"""The log of one meter's calls: written before a call leaves and again when it is over.

The order of the entries that record something is the order of the records' numbers; the journal
gets them afterwards and in that order, so that after a crash the log says exactly what the journal
still lacks. Every entry is in the file when the method returns: it survives the process at once,
and a power cut after the next `sync`.

Whoever uses a log does so under one lock, except for `sync`, which one thread at a time may call
beside it.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tallystick.core.usage import RECORD_BYTES, Records
from tallystick.meter.call_entries import HEAD_BYTES, Kind, Start, pack_entry, pack_start
from tallystick.meter.call_files import (
    SPARE,
    CallFile,
    Sync,
    adopt_spare,
    create_file,
    list_paths,
    write_spare,
)
from tallystick.meter.call_history import NumberedEvent, Unfinished, find_unfinished, read_history
from tallystick.meter.errors import CallLogFull, CallOpen, CallUnknown, StorageFailed
from tallystick.meter.segment_file import sync_path
from tallystick.meter.segments import create_folder, lock_folder

CLOSE_ROOM_BYTES: Final = HEAD_BYTES + 16 + 4 * RECORD_BYTES
"""Kept free for every open call, so that what was begun can be finished."""


@dataclass(frozen=True, slots=True)
class FinishedFile:
    """A file that nothing is written to any more.

    Args:
        end_seq: the number after the last record in it.
    """

    path: Path
    size: int
    end_seq: int


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in the log; see `CallLog.sync`."""

    file: CallFile
    size: int


class CallLog:
    """The log in a folder, recovered and ready.

    Args:
        folder: the log's own.
        journal_range: the numbers that the journal holds.
        read_journal: its records, from a number on, so many.
        save_events: makes identities durable elsewhere; they may leave the log then.
        max_bytes: bound on disk.
        file_bytes: a new file is begun beyond it.
        sync: makes a file descriptor's data durable.

    Raises:
        FolderLocked: another process has the log open.
        CallLogLost: what had been durable is damaged, or log and journal disagree.
        StorageFailed: the disk refused.
    """

    unfinished: Unfinished
    """To be appended to the journal before anything else is."""
    _file: CallFile
    _next_seq: int

    def __init__(
        self,
        folder: Path,
        journal_range: range,
        read_journal: Callable[[int, int], Records],
        save_events: Callable[[list[NumberedEvent]], None],
        *,
        max_bytes: int = 256 << 20,
        file_bytes: int = 4 << 20,
        sync: Sync = os.fdatasync,
    ) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._file_bytes = file_bytes
        self._capacity = file_bytes + file_bytes // 4
        """Beyond `file_bytes`, there is room for what comes while the next file is made."""
        self._sync = sync
        self._failure: StorageFailed | None = None
        self._open_by_id: dict[bytes, bytes] = {}
        self._finished: deque[FinishedFile] = deque()
        self._finished_bytes = 0
        create_folder(folder)
        self._lock_descriptor = lock_folder(folder)
        try:
            self._recover(journal_range, read_journal, save_events)
        except OSError as error:
            os.close(self._lock_descriptor)
            raise self._fail(error) from error
        except BaseException:
            os.close(self._lock_descriptor)
            raise
        self._spares = ThreadPoolExecutor(1, "calls-spare")
        self._spare: Future[int] | None = None
        self._is_short = False

    @property
    def next_seq(self) -> int:
        """The number that the next record gets."""
        return self._next_seq

    @property
    def in_flight(self) -> int:
        """How many calls are open."""
        return len(self._open_by_id)

    @property
    def size_bytes(self) -> int:
        """Bytes of entries on disk."""
        return self._finished_bytes + self._file.size

    @property
    def needs_care(self) -> bool:
        """Whether there is something for `rotate` or `delete_before` to do, now or soon."""
        return bool(self._finished) or self._file.size >= self._file_bytes // 2

    @property
    def mark(self) -> Mark:
        """The end of the log as it is now."""
        return Mark(self._file, self._file.size)

    def begin(self, call: bytes, estimate: bytes) -> None:
        """The call is open.

        Raises:
            CallOpen, CallLogFull, StorageFailed: it is not.
        """
        if call in self._open_by_id:
            raise CallOpen("a call of this id is open already", actual=call.hex())
        self._check_room(len(estimate))
        self._write(Kind.OPEN, call, estimate)
        self._open_by_id[call] = estimate

    def finish(self, call: bytes, records: bytes) -> int:
        """The call is over and its records have numbers from the one returned on.

        Raises:
            CallUnknown: it is not open.
            StorageFailed: the disk refused.
        """
        if call not in self._open_by_id:
            raise CallUnknown("no call of this id is open", actual=call.hex())
        self._write(Kind.CLOSE, call, records)
        del self._open_by_id[call]
        return self._number(records)

    def add(self, event: bytes, records: bytes) -> int:
        """The records have numbers from the one returned on.

        Args:
            event: its identity, empty where there is none.
            records: as bytes.

        Raises:
            CallLogFull, StorageFailed: nothing was recorded.
        """
        self._check_room(len(records))
        self._write(Kind.EVENT if event else Kind.RECORD, event, records)
        return self._number(records)

    def sync(self, mark: Mark) -> None:
        """Everything up to the mark is durable.

        Raises:
            StorageFailed: perhaps not; the log takes nothing more.
        """
        if self._failure is not None:
            raise self._failure
        if mark.file.synced == mark.size:
            return
        try:
            if mark.file.synced == 0:
                sync_path(self._folder)
            self._sync(mark.file.descriptor)
        except OSError as error:
            raise self._fail(error) from error
        mark.file.synced = mark.size

    def rotate(self) -> None:
        """A new file is begun where the present one is long enough and the next lies ready.

        What the present one holds is durable afterwards, what is begun is not.
        """
        self._prepare_spare()
        is_ready = self._spare is not None and self._spare.done() and not self._lacks_spare
        if self._file.size < self._file_bytes or not is_ready or self._failure:
            return
        try:
            self._sync(self._file.descriptor)
            added = adopt_spare(self._folder, self._take_spare(), self._file.ordinal + 1)
            added.write(pack_start(Start(self._next_seq, self._open_by_id)))
        except OSError as error:
            raise self._fail(error) from error
        self._finished.append(FinishedFile(self._file.path, self._file.size, self._next_seq))
        self._finished_bytes += self._file.size
        self._file.close()
        self._file = added

    def delete_before(self, seq: int) -> None:
        """Files whose records all lie below that number are gone, once the next one is durable.

        Args:
            seq: what lies below is in the journal, and its events' identities are durable.
        """
        while self._finished and self._finished[0].end_seq <= seq and self._file.synced:
            gone = self._finished.popleft()
            gone.path.unlink(missing_ok=True)
            self._finished_bytes -= gone.size

    def close(self, journaled_seq: int) -> None:
        """The files are closed, and the folder free for another process.

        Args:
            journaled_seq: what lies below is in the journal.
        """
        if not self._open_by_id and journaled_seq == self._next_seq:
            with suppress(OSError, StorageFailed):  # without an END it is recovered like any other
                self._write(Kind.END, b"", b"")
                self._sync(self._file.descriptor)
        self._spares.shutdown()
        if self._spare is not None and not self._lacks_spare:
            os.close(self._take_spare())
            (self._folder / SPARE).unlink(missing_ok=True)
        self._file.close()
        self._failure = StorageFailed(f"{self._folder} was closed")
        os.close(self._lock_descriptor)

    @property
    def _lacks_spare(self) -> bool:
        """Whether the disk had no room for the next file, when that was last tried to the end."""
        spare = self._spare
        if spare is not None and spare.done():
            self._is_short = spare.exception() is not None
        return self._is_short

    def _number(self, records: bytes) -> int:
        first_seq = self._next_seq
        self._next_seq += len(records) // RECORD_BYTES
        return first_seq

    def _write(self, kind: int, key: bytes, payload: bytes) -> None:
        if self._failure is not None:
            raise self._failure
        try:
            self._file.write(pack_entry(kind, key, payload, self._file.synced))
        except OSError as error:
            raise self._fail(error) from error

    def _check_room(self, added: int) -> None:
        """What was begun can be finished beside this."""
        promised = CLOSE_ROOM_BYTES * (len(self._open_by_id) + 1)
        wanted = self.size_bytes + promised + added
        if wanted > self._max_bytes:
            raise CallLogFull(
                "the log of calls is full of records that the journal has no room for",
                expected=f"at most {self._max_bytes} bytes",
                actual=wanted,
            )
        if self._lacks_spare and self._file.size + promised + added > self._capacity:
            raise CallLogFull("the disk has no room for the log of calls")

    def _fail(self, error: OSError) -> StorageFailed:
        self._failure = StorageFailed(
            f"{self._folder} cannot be written",
            expected="a successful write and sync",
            actual=error.strerror or str(error),
        )
        return self._failure

    def _prepare_spare(self) -> None:
        """The next file is being made where the present one is half full, or that failed before."""
        is_wanted = self._spare is None or (self._spare.done() and self._lacks_spare)
        if is_wanted and self._file.size >= self._file_bytes // 2:
            self._spare = self._spares.submit(write_spare, self._folder, self._capacity)

    def _take_spare(self) -> int:
        """The descriptor of the file that lies ready; the next one is made when it is needed."""
        spare, self._spare = self._spare, None
        if spare is None:
            raise ValueError("no file lies ready")
        return spare.result()

    def _recover(
        self,
        journal_range: range,
        read_journal: Callable[[int, int], Records],
        save_events: Callable[[list[NumberedEvent]], None],
    ) -> None:
        """What is unfinished is decided on disk in one step, before the journal hears of it."""
        history = read_history(self._folder)
        old = list_paths(self._folder)
        self.unfinished = find_unfinished(history, journal_range, read_journal)
        head = pack_start(Start(self.unfinished.first_seq, {}))
        if self.unfinished.records:
            head += pack_entry(Kind.RECORD, b"", self.unfinished.records, 0)
        ordinal = int(old[-1].stem) + 1 if old else 0
        self._file = create_file(self._folder, ordinal, head, self._capacity)
        self._next_seq = self.unfinished.first_seq + len(self.unfinished.records) // RECORD_BYTES
        save_events(history.events if history is not None else [])
        for path in old:
            path.unlink()
