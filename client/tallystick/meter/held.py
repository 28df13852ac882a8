"""Events whose resource does not exist yet: durable here, recorded once it does.

Nothing is billed to a resource by guess, and nothing is dropped because nobody had registered it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Final, Protocol

import msgspec
import numpy as np

from tallystick.core.usage import RECORD_DTYPE, Records, read_time_ms
from tallystick.meter.details import Detail
from tallystick.meter.errors import HeldFull
from tallystick.meter.recorder import Recorded
from tallystick.meter.table_file import TableFile, to_signed

RELEASE_AT_ONCE: Final = 512

_SCHEMA: Final = (
    """
    CREATE TABLE IF NOT EXISTS held (
      event BLOB PRIMARY KEY, slug TEXT, time_ms INTEGER, user INTEGER, records BLOB, detail BLOB
    ) WITHOUT ROWID
    """,
    "CREATE INDEX IF NOT EXISTS held_by_slug ON held (slug)",
)


class EventRecorder(Protocol):
    """Records events once each: the part of a recorder that is needed here."""

    def record_events_now(
        self, events: Sequence[tuple[bytes, Records, Sequence[Detail]]]
    ) -> list[Recorded]:
        """See `Recorder.record_events_now`."""
        ...


class HeldCount(msgspec.Struct, frozen=True):
    """What waits for one resource."""

    slug: str
    events: int
    oldest_ms: int
    """Of the records' times."""


class HeldEvents:
    """Events that wait for their resource; durable when `hold` returns, safe from any thread.

    Args:
        folder: the store's own; made if missing.
        max_events: bound; more are refused.

    Raises:
        StorageFailed: here and below, the files cannot be read or written.
    """

    def __init__(self, folder: Path, *, max_events: int = 100_000) -> None:
        self._file = TableFile(folder / "held.db", _SCHEMA, is_durable=True)
        self._max_events = max_events

    def __len__(self) -> int:
        """How many events wait."""
        return int(self._file.fetch("SELECT count(*) FROM held")[0][0])

    def hold(self, event: bytes, slug: str, records: Records, detail: Detail | None = None) -> bool:
        """The event is durable here; False where one of its identity was already.

        Waits for the disk: from an event loop, call it in a thread.

        Args:
            event: 32 bytes, from `compute_event_id`.
            slug: of the resource that there is none of.
            records: at least one, with resource 0.
            detail: of the first record.

        Raises:
            HeldFull: the bound is reached; nothing was kept.
        """
        if self._file.fetch("SELECT 1 FROM held WHERE event = ?", event):
            return False
        if (count := len(self)) >= self._max_events:
            raise HeldFull(
                "too many events wait for resources that nobody has registered",
                expected=f"at most {self._max_events}",
                actual=count,
            )
        added = self._file.change(
            "INSERT OR IGNORE INTO held VALUES (?, ?, ?, ?, ?, ?)",
            event,
            slug,
            int(read_time_ms(records[:1])[0]),
            to_signed(int(records["user"][0])),
            records.astype(RECORD_DTYPE, copy=False).tobytes(),
            None if detail is None else msgspec.msgpack.encode(detail),
        )
        return added > 0

    def release(self, find_resource: Callable[[str], int | None], recorder: EventRecorder) -> int:
        """Every event whose resource exists now is recorded, once; gives how many were.

        Waits for the disk: from an event loop, call it in a thread.

        Args:
            find_resource: the id by slug, None while there is none.
            recorder: of the meter.
        """
        count = 0
        for (slug,) in self._file.fetch("SELECT DISTINCT slug FROM held ORDER BY slug"):
            resource = find_resource(slug)
            while resource is not None and (rows := self._read(slug)):
                outcomes = recorder.record_events_now(
                    [
                        (event, _decode_records(records, resource), _decode_details(detail))
                        for event, records, detail in rows
                    ]
                )
                self._file.change_many(
                    "DELETE FROM held WHERE event = ?", [row[:1] for row in rows]
                )
                count += sum(outcome.is_new for outcome in outcomes)
        return count

    def list_waiting(self) -> list[HeldCount]:
        """What waits, by slug."""
        rows = self._file.fetch(
            "SELECT slug, count(*), min(time_ms) FROM held GROUP BY slug ORDER BY slug"
        )
        return [HeldCount(*row) for row in rows]

    def erase_users(self, pseudonyms: Collection[int]) -> int:
        """Held events of these users have no details any more; gives how many lost theirs.

        What they used stays: it is still owed, by a pseudonym that is nobody's.
        """
        count = self._file.change_many(
            "UPDATE held SET detail = NULL WHERE user = ? AND detail IS NOT NULL",
            [(to_signed(pseudonym),) for pseudonym in pseudonyms if pseudonym],
        )
        self._file.truncate()
        return count

    def close(self) -> None:
        """The store's files are closed."""
        self._file.close()

    def _read(self, slug: str) -> list[tuple[bytes, bytes, bytes | None]]:
        return self._file.fetch(
            "SELECT event, records, detail FROM held WHERE slug = ? LIMIT ?", slug, RELEASE_AT_ONCE
        )


def _decode_records(data: bytes, resource: int) -> Records:
    records = np.frombuffer(bytearray(data), RECORD_DTYPE)
    records["resource"] = resource
    return records


def _decode_details(data: bytes | None) -> list[Detail]:
    return [] if data is None else [msgspec.msgpack.decode(data, type=Detail)]
