"""What a log of calls says happened, and what is still to be done about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tallystick.core.usage import RECORD_BYTES, RECORD_DTYPE, Flag, Records
from tallystick.meter.call_entries import Entry, Kind, parse_start
from tallystick.meter.call_files import list_paths, make_durable, read_entries
from tallystick.meter.errors import CallLogLost

NumberedEvent = tuple[bytes, int | None]
"""An event's identity and the number of its first record, None where it has none."""


@dataclass(slots=True)
class CallHistory:
    """What the entries of a log add up to.

    Args:
        first_seq: number of the first record in `recorded`.
    """

    first_seq: int
    recorded: bytearray = field(default_factory=bytearray)
    open_by_id: dict[bytes, bytes] = field(default_factory=dict)
    events: list[NumberedEvent] = field(default_factory=list)
    has_ended: bool = False

    @property
    def next_seq(self) -> int:
        """The number after the last record."""
        return self.first_seq + len(self.recorded) // RECORD_BYTES

    def cut(self, seq: int, count: int) -> bytes:
        """So many records from a number on, as bytes."""
        start = (seq - self.first_seq) * RECORD_BYTES
        return bytes(self.recorded[start : start + count * RECORD_BYTES])

    def apply(self, entry: Entry) -> None:
        """The entry has happened.

        Raises:
            CallLogLost: it cannot follow what happened before.
        """
        if entry.kind == Kind.START:
            self._apply_start(entry)
        elif entry.kind == Kind.OPEN:
            self.open_by_id[entry.key] = entry.payload
        elif entry.kind != Kind.END:
            self._apply_records(entry)
        self.has_ended = entry.kind == Kind.END

    def _apply_start(self, entry: Entry) -> None:
        """A file made at an opening starts where the journal had come to, and repeats the rest."""
        start = parse_start(entry)
        if self.has_ended and start.first_seq > self.next_seq:
            self.first_seq, self.recorded = start.first_seq, bytearray()
        if not self.first_seq <= start.first_seq <= self.next_seq:
            raise CallLogLost(
                "the log of calls lacks records",
                expected=f"a start at {self.next_seq}",
                actual=start.first_seq,
            )
        del self.recorded[(start.first_seq - self.first_seq) * RECORD_BYTES :]
        self.open_by_id = dict(start.open_by_id)

    def _apply_records(self, entry: Entry) -> None:
        if entry.kind == Kind.CLOSE:
            self.open_by_id.pop(entry.key, None)
        elif entry.kind == Kind.EVENT:
            self.events.append((entry.key, self.next_seq if entry.payload else None))
        self.recorded += entry.payload


@dataclass(frozen=True, slots=True)
class Unfinished:
    """What the log knows and the journal does not.

    Args:
        first_seq: the journal's next number.
        records: to be appended to it, as bytes.
        closed_records: how many of them were finished.
        estimated: how many calls are in there at their estimate.
    """

    first_seq: int
    records: bytes = b""
    closed_records: int = 0
    estimated: int = 0


def read_history(folder: Path) -> CallHistory | None:
    """What the log in the folder says, which is durable from here on; None where there is none.

    Raises:
        CallLogLost: what had been durable is damaged or missing.
    """
    paths = list_paths(folder)
    history: CallHistory | None = None
    for place, path in enumerate(paths):
        is_last = place + 1 == len(paths)
        entries = read_entries(path, is_last=is_last)
        if not entries:
            if not is_last or history is None:
                raise CallLogLost(f"{path} has no start", expected="a start", actual="nothing")
            path.unlink()
            break
        if is_last:
            make_durable(path, entries)
        if history is None:
            history = CallHistory(_read_first_seq(path, entries[0]))
        for entry in entries:
            history.apply(entry)
    return history


def find_unfinished(
    history: CallHistory | None,
    journal_range: range,
    read_journal: Callable[[int, int], Records],
) -> Unfinished:
    """What has to be appended to the journal before anything else is.

    Args:
        history: of the log, None where there is none.
        journal_range: the numbers that the journal holds.
        read_journal: its records, from a number on, so many.

    Raises:
        CallLogLost: log and journal disagree on what was recorded.
    """
    next_seq = journal_range.stop
    if history is None:
        return Unfinished(next_seq)
    if next_seq < history.first_seq:
        raise CallLogLost(
            "the journal lacks records that it had before",
            expected=f"records up to number {history.first_seq}",
            actual=next_seq,
        )
    oldest = max(history.first_seq, journal_range.start)
    common = max(min(next_seq, history.next_seq) - oldest, 0)
    if read_journal(oldest, common).tobytes() != history.cut(oldest, common):
        raise CallLogLost("the journal holds other records than the log of calls")
    if next_seq > history.next_seq and not history.has_ended:
        raise CallLogLost(
            "the journal holds records that the log of calls lacks",
            expected=f"records up to number {history.next_seq}",
            actual=next_seq,
        )
    rest = history.cut(next_seq, max(history.next_seq - next_seq, 0))
    estimates = [_mark_estimated(estimate) for estimate in history.open_by_id.values()]
    return Unfinished(
        first_seq=next_seq,
        records=rest + b"".join(estimates),
        closed_records=len(rest) // RECORD_BYTES,
        estimated=len(estimates),
    )


def _mark_estimated(estimate: bytes) -> bytes:
    """The records say that nobody counted them; continuations have a flag of their own only."""
    records = np.frombuffer(bytearray(estimate), RECORD_DTYPE)
    is_first = (records["flags"] & int(Flag.CONTINUATION)) == 0
    records["flags"] |= np.where(is_first, int(Flag.ESTIMATED), 0).astype(np.uint16)
    return records.tobytes()


def _read_first_seq(path: Path, entry: Entry) -> int:
    try:
        return parse_start(entry).first_seq
    except ValueError as error:
        raise CallLogLost(f"{path} was written by another version", actual=str(error)) from error
