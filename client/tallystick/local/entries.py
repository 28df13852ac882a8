"""Files of entries that are only ever appended: each synced, none half-read after a crash.

An entry is its length and CRC-32 (u32 each, big-endian), then its bytes. What follows the last
whole entry is a write that never finished, cut off when the file is next opened for appending.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from tallystick.local.files import PRIVATE_FILE, sync_folder

_HEAD: Final = struct.Struct(">II")
MAX_ENTRY_BYTES: Final = 2**28


class EntryFile:
    """The file, open for appending by one process."""

    def __init__(self, path: Path) -> None:
        self.found, length = read_entries(path)
        """The entries that were there when it was opened."""
        is_new = not path.exists()
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE_FILE)
        os.ftruncate(self._file, length)
        os.lseek(self._file, length, os.SEEK_SET)
        if is_new:
            sync_folder(path.parent)

    def append(self, entries: Iterable[bytes]) -> None:
        """The entries are on disk."""
        content = b"".join(_HEAD.pack(len(entry), zlib.crc32(entry)) + entry for entry in entries)
        view = memoryview(content)
        while view:
            view = view[os.write(self._file, view) :]
        os.fsync(self._file)

    def close(self) -> None:
        """Another process may append."""
        os.close(self._file)


def read_entries(path: Path) -> tuple[list[bytes], int]:
    """The whole entries in `path`, and how many of its bytes they take."""
    content = path.read_bytes() if path.exists() else b""
    entries: list[bytes] = []
    offset = 0
    while (entry := _read_entry(content, offset)) is not None:
        entries.append(entry)
        offset += _HEAD.size + len(entry)
    return entries, offset


def _read_entry(content: bytes, offset: int) -> bytes | None:
    """The entry at `offset`, None at the end or where the tail is torn."""
    if offset + _HEAD.size > len(content):
        return None
    length, checksum = _HEAD.unpack_from(content, offset)
    start = offset + _HEAD.size
    entry = content[start : start + length]
    is_whole = length <= MAX_ENTRY_BYTES and len(entry) == length
    return entry if is_whole and zlib.crc32(entry) == checksum else None
