"""One append-only segment file: a header, then chunks, each with its own CRC.

| offset | type | field |
|---|---|---|
| 0 | 8 bytes | magic |
| 8 | 4 bytes | kind: what the log holds |
| 12 | u32 | ordinal, consecutive in a log |
| 16 | u64 | number of the first item |
| 24 | u32 | CRC-32 of bytes 0 .. 24 |
| 32 | u64 | acknowledged end: everything below it was synced |
| 40 | u32 | CRC-32 of bytes 32 .. 40 |
| 64 | | chunks: magic, u64 first number, u32 length, u32 CRC-32 of number, length and payload |

Each append is one chunk and one sync, so at most one chunk, the last, is ever unacknowledged. The
acknowledged end is written after the sync and becomes durable with the next one: a process that
dies leaves it exact, a power cut leaves it one chunk behind at most.
"""

from __future__ import annotations

import os
import struct
import zlib
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from tallystick.meter.errors import SegmentCorrupt

HEADER_BYTES: Final = 64
CHUNK_HEADER_BYTES: Final = 20
SUFFIX: Final = ".segment"

_MAGIC: Final = b"TSTKSEG\x01"
_CHUNK_MAGIC: Final = b"\xc4TSK"
_HEADER: Final = struct.Struct(">8s4sIQ")
_CRC: Final = struct.Struct(">I")
_ACKED: Final = struct.Struct(">Q")
_ACKED_OFFSET: Final = 32
_CHUNK: Final = struct.Struct(">4sQII")
_CHECKED: Final = struct.Struct(">QI")

Sync = Callable[[int], None]
"""Makes what was written to a file descriptor durable: `os.fdatasync`."""


class SegmentFile:
    """A segment, open for reading and, while it is the log's last, for appending.

    Args:
        path: an existing segment.
        kind: four bytes that its header must carry.
        is_last: only the last segment may have a torn tail; in any other that is corruption.
        sync: see `Sync`.

    Raises:
        SegmentCorrupt: the header or acknowledged bytes are damaged.
    """

    def __init__(self, path: Path, *, kind: bytes, is_last: bool, sync: Sync) -> None:
        self.path = path
        self._sync = sync
        self._numbers = array("Q")
        self._offsets = array("Q")
        data = path.read_bytes()
        self.ordinal, self.first_number = _parse_header(path, data, kind)
        acked = _parse_acked(path, data)
        self.size = self._index(data, acked, is_last=is_last)
        self._descriptor = os.open(path, os.O_RDWR)
        if is_last and (self.size, len(data)) != (acked, acked):
            self._make_tail_durable(data, acked)

    @classmethod
    def create(
        cls, folder: Path, *, ordinal: int, first_number: int, kind: bytes, sync: Sync
    ) -> SegmentFile:
        """A new, empty segment that survives a crash from here on."""
        path = folder / f"{ordinal:08d}{SUFFIX}"
        unfinished = path.with_suffix(".new")
        header = _HEADER.pack(_MAGIC, kind, ordinal, first_number)
        head = (header + _pack_crc(header)).ljust(_ACKED_OFFSET, b"\0")
        unfinished.write_bytes((head + _pack_acked(HEADER_BYTES)).ljust(HEADER_BYTES, b"\0"))
        sync_path(unfinished)
        unfinished.rename(path)
        sync_path(folder)
        return cls(path, kind=kind, is_last=True, sync=sync)

    def append(self, number: int, payload: bytes) -> None:
        """The payload is on disk, as one chunk that starts at `number`.

        Raises:
            OSError: it may or may not be; the segment must not be written to again.
        """
        crc = zlib.crc32(payload, zlib.crc32(_CHECKED.pack(number, len(payload))))
        chunk = _CHUNK.pack(_CHUNK_MAGIC, number, len(payload), crc) + payload
        _write_all(self._descriptor, chunk, self.size)
        self._sync(self._descriptor)
        end = self.size + len(chunk)
        _write_all(self._descriptor, _pack_acked(end), _ACKED_OFFSET)
        # In this order a reader in another thread never sees the chunk before it is complete.
        self._offsets.append(self.size)
        self._numbers.append(number)
        self.size = end

    @property
    def numbers(self) -> array[int]:
        """First number of each chunk, in the order written."""
        return self._numbers

    def locate(self, chunk: int) -> tuple[int, int]:
        """Where the payload of the chunk with this index lies: offset and length, bytes."""
        is_last = chunk + 1 == len(self._offsets)
        end = self.size if is_last else self._offsets[chunk + 1]
        start = self._offsets[chunk] + CHUNK_HEADER_BYTES
        return start, end - start

    def read(self, offset: int, length: int) -> bytes:
        """The bytes at `offset`, which must lie inside one payload."""
        return os.pread(self._descriptor, length, offset)

    @property
    def modified_at_s(self) -> float:
        """When the segment was last appended to, Unix seconds."""
        return self.path.stat().st_mtime

    def delete(self) -> None:
        """The file is gone."""
        self.close()
        self.path.unlink()

    def close(self) -> None:
        """The file is closed; nothing is pending, every append was synced."""
        os.close(self._descriptor)

    def _index(self, data: bytes, acked: int, *, is_last: bool) -> int:
        """Note every chunk; return the offset where the valid ones end."""
        end = HEADER_BYTES
        for offset, number, length in _scan_chunks(data):
            self._numbers.append(number)
            self._offsets.append(offset)
            end = offset + CHUNK_HEADER_BYTES + length
        is_torn = end < len(data)
        if end < acked or (is_torn and (not is_last or _holds_chunk(data, end + 1))):
            raise SegmentCorrupt(
                f"acknowledged records in {self.path} are damaged",
                expected=f"valid chunks up to byte {max(acked, len(data) if is_torn else 0)}",
                actual=f"damage at byte {end}",
            )
        return end

    def _make_tail_durable(self, data: bytes, acked: int) -> None:
        """Cut what is torn, and write what is whole but perhaps never synced once more.

        After a failed sync the kernel may hold pages that it counts as clean though they never
        reached the disk; only writing them again makes the next sync mean something.
        """
        os.ftruncate(self._descriptor, self.size)
        _write_all(self._descriptor, data[acked : self.size], acked)
        self._sync(self._descriptor)
        _write_all(self._descriptor, _pack_acked(self.size), _ACKED_OFFSET)


def sync_path(path: Path) -> None:
    """The file's or folder's content and entry are on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _scan_chunks(data: bytes, offset: int = HEADER_BYTES) -> Iterator[tuple[int, int, int]]:
    """Offset, number and payload length of each valid chunk, up to the first that is not."""
    view = memoryview(data)
    while offset + CHUNK_HEADER_BYTES <= len(data):
        magic, number, length, crc = _CHUNK.unpack_from(data, offset)
        start = offset + CHUNK_HEADER_BYTES
        if magic != _CHUNK_MAGIC or start + length > len(data):
            return
        checked = zlib.crc32(_CHECKED.pack(number, length))
        if zlib.crc32(view[start : start + length], checked) != crc:
            return
        yield offset, number, length
        offset = start + length


def _holds_chunk(data: bytes, offset: int) -> bool:
    """Whether a valid chunk starts at or after `offset`: then what precedes it was synced."""
    while (offset := data.find(_CHUNK_MAGIC, offset)) >= 0:
        if next(_scan_chunks(data, offset), None) is not None:
            return True
        offset += 1
    return False


def _parse_header(path: Path, data: bytes, kind: bytes) -> tuple[int, int]:
    """Ordinal and first number."""
    if len(data) >= HEADER_BYTES:
        magic, found_kind, ordinal, first_number = _HEADER.unpack_from(data)
        crc = data[_HEADER.size : _HEADER.size + _CRC.size]
        if (magic, found_kind, crc) == (_MAGIC, kind, _pack_crc(data[: _HEADER.size])):
            return ordinal, first_number
    raise SegmentCorrupt(
        f"{path} does not start like a segment", expected=kind.decode(), actual=data[:12].hex()
    )


def _parse_acked(path: Path, data: bytes) -> int:
    """The acknowledged end."""
    acked: int = _ACKED.unpack_from(data, _ACKED_OFFSET)[0]
    if data[_ACKED_OFFSET:].startswith(_pack_acked(acked)):
        return acked
    raise SegmentCorrupt(f"the acknowledged end of {path} is damaged")


def _pack_acked(end: int) -> bytes:
    packed = _ACKED.pack(end)
    return packed + _pack_crc(packed)


def _pack_crc(data: bytes) -> bytes:
    return _CRC.pack(zlib.crc32(data))


def _write_all(descriptor: int, data: bytes, offset: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(descriptor, view, offset)
        view, offset = view[written:], offset + written
