"""Which events were recorded already: an event of the same identity bills once, whoever repeats it.

Identities become durable with their records, in the log of calls; what lies here is an index of
them, completed from the log after a crash. The oldest are forgotten beyond a count and an age: an
event repeated later than that is recorded again.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import plyvel

from tallystick.core.hashes import compute_keccak256
from tallystick.meter.call_history import NumberedEvent
from tallystick.meter.errors import FolderLocked, StorageFailed

ID_BYTES: Final = 32
DEFAULT_EVENTS: Final = 10_000_000
DEFAULT_AGE_MS: Final = 90 * 86_400_000

_BY_ID: Final = b"e"
_BY_TIME: Final = b"t"
_COUNT: Final = b"n"
_NO_SEQ: Final = 2**64 - 1
_FORGET_AT_ONCE: Final = 4096
_NUMBER: Final = struct.Struct(">Q")


@dataclass(frozen=True, slots=True)
class Seen:
    """An event that was recorded before.

    Args:
        first_seq: of its records, None where it had none.
    """

    first_seq: int | None


class EventIds:
    """The identities in a folder, of one process; safe from any thread.

    Args:
        folder: made if missing.
        max_events: how many are kept.
        max_age_ms: how long they are kept.

    Raises:
        FolderLocked: another process has it open.
        StorageFailed: it is damaged.
    """

    def __init__(
        self,
        folder: Path,
        *,
        max_events: int = DEFAULT_EVENTS,
        max_age_ms: int = DEFAULT_AGE_MS,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            self._database = plyvel.DB(str(folder), create_if_missing=True, bloom_filter_bits=10)
        except plyvel.Error as error:
            kind = FolderLocked if "lock" in str(error).lower() else StorageFailed
            raise kind(f"{folder} cannot be opened", actual=str(error)) from error
        self._max_events = max_events
        self._max_age_ms = max_age_ms
        packed = self._database.get(_COUNT)
        self._count = _NUMBER.unpack(packed)[0] if packed else 0

    def __len__(self) -> int:
        """How many identities are known."""
        return self._count

    def find(self, event: bytes) -> Seen | None:
        """What is known of the event, None where it is new."""
        packed = self._database.get(_BY_ID + event)
        if packed is None:
            return None
        first_seq = _NUMBER.unpack(packed)[0]
        return Seen(None if first_seq == _NO_SEQ else first_seq)

    def save(self, events: Sequence[NumberedEvent], now_ms: int) -> None:
        """The identities are durable; those known before stay as they were.

        Args:
            events: with their first records' numbers.
            now_ms: decides when they are forgotten.

        Raises:
            StorageFailed: the disk refused.
        """
        new = {event: seq for event, seq in events if self.find(event) is None}
        try:
            with self._database.write_batch(transaction=True, sync=True) as batch:
                for event, seq in new.items():
                    batch.put(_BY_ID + event, _NUMBER.pack(_NO_SEQ if seq is None else seq))
                    batch.put(_BY_TIME + _NUMBER.pack(now_ms) + event, b"")
                left = self._count + len(new) - self._forget(batch, now_ms, len(new))
                batch.put(_COUNT, _NUMBER.pack(left))
        except plyvel.Error as error:
            raise StorageFailed(
                "identities of events cannot be written", actual=str(error)
            ) from error
        self._count = left

    def close(self) -> None:
        """The folder is free for another process."""
        self._database.close()

    def _forget(self, batch: plyvel.WriteBatch, now_ms: int, added: int) -> int:
        """The oldest beyond count and age are put down for deletion; gives how many."""
        too_many = self._count + added - self._max_events
        deadline = _NUMBER.pack(max(now_ms - self._max_age_ms, 0))
        forgotten = 0
        for key in self._database.iterator(prefix=_BY_TIME, include_value=False):
            is_old = key[1:9] < deadline
            if forgotten == _FORGET_AT_ONCE or not (is_old or forgotten < too_many):
                break
            batch.delete(key)
            batch.delete(_BY_ID + key[9:])
            forgotten += 1
        return forgotten


def compute_event_id(source: str, name: str) -> bytes:
    """The identity of an event: keccak-256 of source and id, each behind its length.

    Args:
        source: who reports it, such as a CloudEvents `source`.
        name: what it calls the event, unique at that source.

    Returns:
        32 bytes.
    """
    parts = (source.encode(), name.encode())
    return compute_keccak256(b"".join(len(part).to_bytes(8, "big") + part for part in parts))
