"""What is durable in the log of calls goes on from there: journal, identities, details."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Final

import msgspec
import numpy as np

from tallystick.core.errors import TallystickError
from tallystick.core.usage import RECORD_BYTES, RECORD_DTYPE, Records
from tallystick.meter.call_files import is_disk_full
from tallystick.meter.call_history import NumberedEvent
from tallystick.meter.details import Detail, DetailStore
from tallystick.meter.errors import CallLogLost, JournalFull, StorageFailed
from tallystick.meter.event_ids import EventIds
from tallystick.meter.journal import Journal
from tallystick.meter.sleeper import Sleeper

MAX_AT_ONCE: Final = 4096
MAX_APPEND_BYTES: Final = 16_384 * RECORD_BYTES
GATHER_S: Final = 0.02
"""How long what comes after a pause may wait for more."""
INTERVAL_S: Final = 0.25
"""Between two batches. Nobody waits for what is done here: gathered, it takes one sync of the
journal instead of many, fills frames, and leaves disk and interpreter to those who are waited for.
"""
MANY: Final = 1000
"""So many do not wait for more."""
DETAILS_AT_ONCE: Final = 128
PAUSE_S: Final = 0.002
"""Between so many details, for an event loop beside this."""
RETRY_S: Final = 0.25
SWEEP_INTERVAL_MS: Final = 3_600_000


@dataclass(slots=True)
class Closed:
    """A call or event that is in the log.

    Args:
        first_seq: of its records.
        records: as bytes; may be empty.
        key: of the call or event; empty where it is neither.
        is_event: whether the key is an event's identity.
        details: of its records, in order.
    """

    first_seq: int
    records: bytes
    key: bytes = b""
    is_event: bool = False
    details: Sequence[Detail] = ()

    @property
    def event(self) -> NumberedEvent:
        """As the index of identities takes it."""
        return self.key, self.first_seq if self.records else None

    def number_details(self) -> list[Detail]:
        """The details, with the numbers of their records."""
        return [
            msgspec.structs.replace(
                detail, seq=self.first_seq + place, call=detail.call or self.key
            )
            for place, detail in enumerate(self.details[: len(self.records) // RECORD_BYTES])
        ]


class Forwarder:
    """A thread that brings what is durable in the log to where it belongs, in order.

    Where the disk is full it waits: what it writes to would not recover from a failed write.

    Args:
        folder: on the disk that all of it is written to.
        journal: gets the records; nobody else appends to it.
        events: gets the identities.
        details: gets the details; None where none are kept.
        retention_ms: details older than that go.
        clock: Unix ms.
        forget: told which identities are in `events` now.
    """

    def __init__(
        self,
        folder: Path,
        journal: Journal,
        events: EventIds,
        details: DetailStore | None,
        *,
        retention_ms: int,
        clock: Callable[[], int],
        forget: Callable[[list[NumberedEvent]], None],
    ) -> None:
        self._folder = folder
        self._journal = journal
        self._events = events
        self._details = details
        self._retention_ms = retention_ms
        self._clock = clock
        self._forget = forget
        self._swept_at_ms = 0
        self._queue: list[Closed] = []
        self._guard = Lock()
        self._sleeper = Sleeper(self._guard)
        self._taken_at_s = float("-inf")
        self._closing = Event()
        self.done_seq = journal.next_seq
        """What lies below is in the journal, its identities and details are written."""
        self.failure: TallystickError | None = None
        self.lost_details = 0
        """How many could not be written: they are not money."""
        self._thread = Thread(target=self._run, name="calls-forward", daemon=True)
        self._thread.start()

    @property
    def backlog(self) -> int:
        """How many calls and events wait."""
        return len(self._queue)

    def put(self, closed: Sequence[Closed]) -> None:
        """They go on, in this order; everything in them is durable in the log."""
        with self._guard:
            self._queue.extend(closed)
            if self._sleeper.is_fast_asleep or len(self._queue) >= MANY:
                self._sleeper.wake()

    def close(self) -> None:
        """What the journal had room for is in it."""
        self._closing.set()
        with self._guard:
            self._sleeper.wake()
        self._thread.join()

    def _run(self) -> None:
        """A loop runner: what fails stops it, and nothing more is begun before a restart."""
        while batch := self._take():
            while is_disk_full(self._folder):
                if self._closing.wait(RETRY_S):
                    return
            try:
                self._save_events([closed.event for closed in batch if closed.is_event])
                self._save_details(batch)
                if not self._append(b"".join(closed.records for closed in batch)):
                    return
            except TallystickError as error:
                self.failure = error
                return
            except Exception as error:  # noqa: BLE001 - a loop runner: nothing more is begun
                self.failure = StorageFailed("use cannot be brought on", actual=repr(error))
                return

    def _take(self) -> list[Closed]:
        """What waits, once it has waited for more; nothing where this was closed."""
        self._sleep_below(1)
        rest_s = self._taken_at_s + INTERVAL_S - time.monotonic()
        self._sleep_below(MANY, max(rest_s, GATHER_S))
        self._taken_at_s = time.monotonic()
        with self._guard:
            batch = self._queue[:MAX_AT_ONCE]
            del self._queue[:MAX_AT_ONCE]
            return batch

    def _sleep_below(self, wanted: int, timeout_s: float | None = None) -> None:
        with self._guard:
            if len(self._queue) >= wanted or self._closing.is_set():
                return
            self._sleeper.lie_down(is_fast=timeout_s is None)
        self._sleeper.sleep(timeout_s)

    def _save_events(self, events: list[NumberedEvent]) -> None:
        if events:
            self._events.save(events, self._clock())
            self._forget(events)

    def _save_details(self, batch: list[Closed]) -> None:
        store, found = self._details, [closed for closed in batch if closed.details]
        if store is None or not found:
            return
        for start in range(0, len(found), DETAILS_AT_ONCE):
            if start and not self._closing.is_set():
                time.sleep(PAUSE_S)
            part = found[start : start + DETAILS_AT_ONCE]
            self._put_details(store, [one for closed in part for one in closed.number_details()])
        if (now_ms := self._clock()) - self._swept_at_ms > SWEEP_INTERVAL_MS:
            with suppress(TallystickError):
                store.sweep(now_ms - self._retention_ms)
                self._swept_at_ms = now_ms

    def _put_details(self, store: DetailStore, details: list[Detail]) -> None:
        try:
            store.put_many(details)
        except (TallystickError, OverflowError, TypeError):  # whatever somebody put into them
            self.lost_details += len(details)

    def _append(self, data: bytes) -> bool:
        """The records are in the journal; False where it had no room until this was closed."""
        for start in range(0, len(data), MAX_APPEND_BYTES):
            piece = np.frombuffer(data[start : start + MAX_APPEND_BYTES], RECORD_DTYPE)
            while not self._try_append(piece):
                if self._closing.wait(RETRY_S):
                    return False
        return True

    def _try_append(self, records: Records) -> bool:
        try:
            first_seq = self._journal.append(records)
        except JournalFull:
            return False
        if first_seq != self.done_seq:
            raise CallLogLost(
                "the journal was written to beside the recorder",
                expected=self.done_seq,
                actual=first_seq,
            )
        self.done_seq += len(records)
        return True
