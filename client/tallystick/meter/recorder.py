"""Everything that a meter's process records, durable before anyone is told.

A call is begun with an estimate before it leaves and finished with what it used. What a crash
leaves open is recorded at its estimate when the recorder is opened again; nothing finished is lost
or recorded twice.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock, Thread
from typing import Any, Final, TypeVar

from tallystick.core.errors import CostFilledIn
from tallystick.core.usage import RECORD_BYTES, RECORD_DTYPE, Records
from tallystick.meter.call_files import Sync
from tallystick.meter.call_history import NumberedEvent
from tallystick.meter.call_log import CallLog, Mark
from tallystick.meter.details import DEFAULT_RETENTION_MS, Detail, DetailStore
from tallystick.meter.errors import StorageFailed
from tallystick.meter.event_ids import ID_BYTES, EventIds
from tallystick.meter.forwarder import Closed, Forwarder
from tallystick.meter.meter import Meter
from tallystick.meter.sleeper import Sleeper

CALL_ID_BYTES: Final = 16
BEGIN_DELAY_S: Final = 0.05
"""How long the note of a call that begins may wait for something else to be synced with."""
CARE_INTERVAL_S: Final = 0.5
MAX_BACKLOG_WITH_DETAILS: Final = 20_000
"""Where more waits for the journal, details are no longer kept in memory for it."""

COST_BYTES: Final = 8
_NO_COST: Final = bytes(COST_BYTES)

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of an event.

    Args:
        is_new: False where the same identity was recorded before; nothing was added then.
        first_seq: of the records of the first of that identity, None where it had none.
    """

    is_new: bool
    first_seq: int | None


@dataclass(frozen=True, slots=True)
class Recovered:
    """What an earlier process had left when the recorder was opened.

    Args:
        records: finished, and not yet in the journal.
        estimated: open calls that were recorded at their estimate.
    """

    records: int = 0
    estimated: int = 0


@dataclass(frozen=True, slots=True)
class RecorderLimits:
    """What a recorder may take of its disk, and how long it keeps what.

    Args:
        log_bytes: of calls that are open, or not yet in the journal.
        file_bytes: of one file of the log.
        detail_ms: how long details are kept.
    """

    log_bytes: int = 256 << 20
    file_bytes: int = 4 << 20
    detail_ms: int = DEFAULT_RETENTION_MS


_Waiting = tuple[Future[Any] | asyncio.Future[Any], object]
"""Somebody who is told at the next sync, and what they are told."""


class Recorder:
    """The one way by which records get into a meter's journal; safe from any thread.

    Args:
        meter: open; recorded into by this recorder alone.
        folder: the meter's; the log lies in its `calls`, identities in its `events`.
        details: where details of records go; None keeps none.
        limits: see there.
        clock: Unix ms.
        sync: makes a file descriptor's data durable.

    Raises:
        FolderLocked: another process records into this meter.
        CallLogLost: the log is damaged, or the journal was written to beside it.
        StorageFailed: the disk refused.
    """

    recovered: Recovered

    def __init__(
        self,
        meter: Meter,
        folder: Path,
        *,
        details: DetailStore | None = None,
        limits: RecorderLimits | None = None,
        clock: Callable[[], int] | None = None,
        sync: Sync = os.fdatasync,
    ) -> None:
        limits = limits or RecorderLimits()
        clock = clock or _read_clock_ms
        journal = meter.journal
        self._events = EventIds(folder / "events")
        try:
            self._log = CallLog(
                folder / "calls",
                range(journal.first_seq, journal.next_seq),
                journal.read,
                lambda events: self._events.save(events, clock()) if events else None,
                max_bytes=limits.log_bytes,
                file_bytes=limits.file_bytes,
                sync=sync,
            )
        except BaseException:
            self._events.close()
            raise
        self._guard = Lock()
        self._sleeper = Sleeper(self._guard)
        self._waiting: list[_Waiting] = []
        self._closed: list[Closed] = []
        self._fresh: dict[bytes, int | None] = {}
        self._has_begun = False
        self._is_closing = False
        self._forwarder = Forwarder(
            folder,
            journal,
            self._events,
            details,
            retention_ms=limits.detail_ms,
            clock=clock,
            forget=self._forget,
        )
        unfinished = self._log.unfinished
        self.recovered = Recovered(unfinished.closed_records, unfinished.estimated)
        if unfinished.records:
            self._forwarder.put([Closed(unfinished.first_seq, unfinished.records)])
        self._syncer = Thread(target=self._run, name=f"calls {folder}", daemon=True)
        self._syncer.start()

    @property
    def next_seq(self) -> int:
        """The number that the next record will get."""
        return self._log.next_seq

    @property
    def in_flight(self) -> int:
        """Calls begun and not finished."""
        return self._log.in_flight

    @property
    def is_taking(self) -> bool:
        """Whether new use can be recorded: it is open, and what it wrote so far went well."""
        return not self._is_closing and self._forwarder.failure is None

    @property
    def lost_details(self) -> int:
        """Details that could not be kept; records are never among them."""
        return self._forwarder.lost_details

    def begin(self, call: bytes, estimate: Records) -> None:
        """The call is noted: should this process die, it is recorded at the estimate.

        Args:
            call: 16 bytes, unique.
            estimate: greatest or likely use, cost words zero; may be empty.

        Raises:
            CallLogFull: what waits has reached the bound; nothing was noted, send no call.
            CallOpen: it was begun before.
            StorageFailed: the disk refused.
        """
        _check_length(call, CALL_ID_BYTES)
        data = _encode(estimate)
        with self._guard:
            self._check_open(is_new=True)
            self._log.begin(call, data)
            self._has_begun = True
            if self._sleeper.is_fast_asleep:
                self._sleeper.wake()

    def finish(
        self, call: bytes, records: Records, details: Sequence[Detail] = ()
    ) -> asyncio.Future[int | None]:
        """The call is over and its records have their numbers.

        Args:
            call: as begun.
            records: what it used; none where nothing is billed.
            details: at most one for each record, in their order; `seq` is filled in here.

        Returns:
            Of the running event loop; done once the records are durable: the first one's number,
            None where there is none. StorageFailed where they may not be.

        Raises:
            CallUnknown: never begun, or finished before.
            StorageFailed: the disk refused.
        """
        future: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        self._finish(call, records, details, future)
        return future

    def finish_now(
        self, call: bytes, records: Records, details: Sequence[Detail] = ()
    ) -> int | None:
        """As `finish`, for callers without an event loop: waits until the records are durable."""
        future: Future[int | None] = Future()
        self._finish(call, records, details, future)
        return future.result()

    def record(self, records: Records, details: Sequence[Detail] = ()) -> range:
        """The records are durable, under these numbers; waits for the disk.

        Raises:
            CallLogFull, StorageFailed: nothing was recorded, or perhaps.
        """
        future: Future[int | None] = Future()
        data = _encode(records)
        with self._guard:
            self._check_open(is_new=True)
            first_seq = self._log.add(b"", data)
            self._await_sync(future, first_seq, Closed(first_seq, data, details=details))
        future.result()
        return range(first_seq, first_seq + len(records))

    def record_event(
        self, event: bytes, records: Records, details: Sequence[Detail] = ()
    ) -> asyncio.Future[Recorded]:
        """The event is recorded, unless one of the same identity was: the first write wins.

        Args:
            event: 32 bytes, from `compute_event_id`.
            records: what it used; may be none.
            details: as for `finish`.

        Returns:
            Of the running event loop; done once identity and records are durable, together.

        Raises:
            CallLogFull, StorageFailed: nothing was recorded.
        """
        future: asyncio.Future[Recorded] = asyncio.get_running_loop().create_future()
        self._record_event(event, records, details, future)
        return future

    def record_event_now(
        self, event: bytes, records: Records, details: Sequence[Detail] = ()
    ) -> Recorded:
        """As `record_event`, for callers without an event loop: waits for the disk."""
        future: Future[Recorded] = Future()
        self._record_event(event, records, details, future)
        return future.result()

    def record_events_now(
        self, events: Sequence[tuple[bytes, Records, Sequence[Detail]]]
    ) -> list[Recorded]:
        """As `record_event_now`, for many at once: waits for the disk once."""
        futures: list[Future[Recorded]] = []
        for event, records, details in events:
            futures.append(Future())
            self._record_event(event, records, details, futures[-1])
        return [future.result() for future in futures]

    def close(self) -> None:
        """What was finished is in the journal; calls still open are estimated at the next start.

        Where the journal has no room, the rest gets there at the next start.
        """
        with self._guard:
            if self._is_closing:
                return
            self._is_closing = True
            self._sleeper.wake()
        self._syncer.join()
        self._forwarder.close()
        self._log.close(self._forwarder.done_seq)
        self._events.close()

    async def aclose(self) -> None:
        """As `close`, without blocking the event loop."""
        await asyncio.to_thread(self.close)

    def _finish(
        self,
        call: bytes,
        records: Records,
        details: Sequence[Detail],
        future: Future[int | None] | asyncio.Future[int | None],
    ) -> None:
        data = _encode(records)
        with self._guard:
            self._check_open(is_new=False)
            first_seq = self._log.finish(call, data)
            result = first_seq if data else None
            self._await_sync(future, result, Closed(first_seq, data, call, details=details))

    def _record_event(
        self,
        event: bytes,
        records: Records,
        details: Sequence[Detail],
        future: Future[Recorded] | asyncio.Future[Recorded],
    ) -> None:
        _check_length(event, ID_BYTES)
        data = _encode(records)
        with self._guard:
            self._check_open(is_new=True)
            if event in self._fresh:
                self._await_sync(future, Recorded(False, self._fresh[event]), None)
            elif (seen := self._events.find(event)) is not None:
                future.set_result(Recorded(False, seen.first_seq))
            else:
                first_seq = self._log.add(event, data)
                closed = Closed(first_seq, data, event, is_event=True, details=details)
                self._fresh[event] = closed.event[1]
                self._await_sync(future, Recorded(True, closed.event[1]), closed)

    def _await_sync(
        self,
        future: Future[Result] | asyncio.Future[Result],
        result: Result,
        closed: Closed | None,
    ) -> None:
        if closed is not None:
            if self._forwarder.backlog > MAX_BACKLOG_WITH_DETAILS:
                closed.details = ()
            self._closed.append(closed)
        self._waiting.append((future, result))
        self._sleeper.wake()

    def _check_open(self, *, is_new: bool) -> None:
        """What is finished is taken even where the journal has failed: the log keeps it."""
        if self._is_closing:
            raise StorageFailed("the recorder was closed")
        if is_new and self._forwarder.failure is not None:
            raise self._forwarder.failure

    def _forget(self, events: list[NumberedEvent]) -> None:
        with self._guard:
            for event, _ in events:
                self._fresh.pop(event, None)

    def _run(self) -> None:
        """Sync what waits and tell who waits for it, until closed."""
        is_last = False
        while not is_last:
            self._wait_for_work()
            with self._guard:
                waiting, self._waiting = self._waiting, []
                closed, self._closed = self._closed, []
                mark, is_last = self._log.mark, self._is_closing
                needs_care, self._has_begun = self._log.needs_care, False
            self._sync(mark, waiting, closed)
            if needs_care:
                with self._guard, suppress(StorageFailed):
                    self._log.rotate()
                    self._log.delete_before(self._forwarder.done_seq)

    def _wait_for_work(self) -> None:
        """Something waits, or begins have waited long enough, or the log wants care.

        Who has just been busy sleeps lightly: calls that begin need not wake it each.
        """
        if not self._sleep(BEGIN_DELAY_S, is_fast=False) or self._has_begun:
            return
        if self._sleep(CARE_INTERVAL_S if self._log.needs_care else None) and self._has_begun:
            self._sleep(BEGIN_DELAY_S, is_fast=False)

    def _sleep(self, timeout_s: float | None, *, is_fast: bool = True) -> bool:
        """Whether there still is nobody who waits for a sync."""
        with self._guard:
            if self._waiting or self._is_closing or (is_fast and self._has_begun):
                return False
            self._sleeper.lie_down(is_fast=is_fast)
        self._sleeper.sleep(timeout_s)
        return not self._waiting and not self._is_closing

    def _sync(self, mark: Mark, waiting: list[_Waiting], closed: list[Closed]) -> None:
        error: Exception | None = None
        try:
            self._log.sync(mark)
        except Exception as failed:  # noqa: BLE001 - a loop runner: the waiters get the error
            error = failed
        else:
            if closed:
                self._forwarder.put(closed)
        by_loop: dict[asyncio.AbstractEventLoop, list[_Waiting]] = {}
        for one in waiting:
            if isinstance(one[0], Future):
                _tell([one], error)
            else:
                by_loop.setdefault(one[0].get_loop(), []).append(one)
        for loop, group in by_loop.items():
            with suppress(RuntimeError):  # the loop was closed: nobody waits there any more
                loop.call_soon_threadsafe(_tell, group, error)


def _tell(waiting: list[_Waiting], error: Exception | None) -> None:
    for future, result in waiting:
        if future.done():
            continue
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)


def _encode(records: Records) -> bytes:
    """The records' bytes. Costs are looked for in these: numpy takes 3 us more for one record."""
    data = records.astype(RECORD_DTYPE, copy=False).tobytes()
    for end in range(RECORD_BYTES, len(data) + 1, RECORD_BYTES):
        if data[end - COST_BYTES : end] != _NO_COST:
            raise CostFilledIn("a meter filled in a cost", expected=0, actual="a non-zero cost")
    return data


def _check_length(key: bytes, length: int) -> None:
    if len(key) != length:
        raise ValueError(f"an identity of {len(key)} bytes instead of {length}")


def _read_clock_ms() -> int:
    return time.time_ns() // 1_000_000
