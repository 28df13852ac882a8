"""Entries of the log of calls, as bytes.

| bytes | field |
|---|---|
| 2 | magic |
| u8 | kind |
| u8 | length of the key |
| u32 | length of the payload |
| u64 | offset up to which this file had been synced when the entry was written |
| u32 | CRC-32 of everything before and after it |
| | key: none, a call's 16 bytes, an event's 32 |
| | payload: records, 64 bytes each; of a START see `Start` |

Where nothing was written yet, files hold zeros.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

HEAD_BYTES: Final = 20

_MAGIC: Final = b"\xc4L"
_HEAD: Final = struct.Struct(">2sBBIQ")
_CRC: Final = struct.Struct(">I")
_START: Final = struct.Struct(">BQII")
_CARRIED: Final = struct.Struct(">16sI")
_FORMAT: Final = 1


class Kind:
    """What an entry says; plain integers, for two entries are packed in every call."""

    START: Final = 1
    """The file's first: at which number it starts, and which calls are open then."""
    OPEN: Final = 2
    """A call begins; the payload is its estimate."""
    CLOSE: Final = 3
    """A call ends; the payload is what it used."""
    EVENT: Final = 4
    """An event of this identity happened; recorded at once."""
    RECORD: Final = 5
    """Use that is neither a call nor an event; recorded at once."""
    END: Final = 6
    """The log was closed in order, with nothing open and everything in the journal."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry, where it begins and ends in its file."""

    kind: int
    key: bytes
    payload: bytes
    synced: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Start:
    """What a file needs of those before it, so that they can be deleted.

    Args:
        first_seq: number of the first record that a later entry of this file defines.
        open_by_id: estimates of the calls that are open.
    """

    first_seq: int
    open_by_id: Mapping[bytes, bytes]


def pack_entry(kind: int, key: bytes, payload: bytes, synced: int) -> bytes:
    """The entry as it is written."""
    head = _HEAD.pack(_MAGIC, kind, len(key), len(payload), synced)
    body = key + payload
    return head + _CRC.pack(zlib.crc32(body, zlib.crc32(head))) + body


def pack_start(start: Start) -> bytes:
    """The START entry of a new file."""
    body = b"".join(
        _CARRIED.pack(call, len(estimate)) + estimate for call, estimate in start.open_by_id.items()
    )
    head = _START.pack(_FORMAT, start.first_seq, len(start.open_by_id), 0)
    return pack_entry(Kind.START, b"", head + body, 0)


def parse_start(entry: Entry) -> Start:
    """What `pack_start` packed.

    Raises:
        ValueError: another version wrote it.
    """
    version, first_seq, count, _ = _START.unpack_from(entry.payload)
    if version != _FORMAT:
        raise ValueError(f"format {version}")
    open_by_id, offset = {}, _START.size
    for _ in range(count):
        call, length = _CARRIED.unpack_from(entry.payload, offset)
        offset += _CARRIED.size
        open_by_id[call] = entry.payload[offset : offset + length]
        offset += length
    return Start(first_seq, open_by_id)


def scan_entries(data: bytes, offset: int = 0) -> Iterator[Entry]:
    """The entries from `offset` on, up to the first that is not whole.

    Raises:
        ValueError: another version wrote them.
    """
    view = memoryview(data)
    while offset + HEAD_BYTES <= len(data):
        magic, kind, key_length, length, synced = _HEAD.unpack_from(data, offset)
        start = offset + HEAD_BYTES
        end = start + key_length + length
        if magic != _MAGIC or end > len(data):
            return
        (crc,) = _CRC.unpack_from(data, start - _CRC.size)
        found = zlib.crc32(view[start:end], zlib.crc32(view[offset : start - _CRC.size]))
        if found != crc:
            return
        key, payload = data[start : start + key_length], data[start + key_length : end]
        if not Kind.START <= kind <= Kind.END:
            raise ValueError(f"entries of kind {kind}")
        yield Entry(kind, key, payload, synced, offset, end)
        offset = end


def is_damaged_before(data: bytes, offset: int) -> bool:
    """Whether what lies broken at `offset` had been synced: a later entry says so."""
    found = offset + 1
    while (found := data.find(_MAGIC, found)) >= 0:
        entry = next(scan_entries(data, found), None)
        if entry is not None and entry.synced > offset:
            return True
        found += 1
    return False
