"""The local chain's log: every block's raw transactions, to be replayed after a restart.

anvil keeps everything in memory, and its own dumps grow with all that ever happened. Execution
being deterministic, transactions and block times alone give back the same blocks, hash for hash.

One entry per block: length and CRC-32 (u32 each, big-endian), then the block in MessagePack. An
entry for a number that was there before replaces that block and everything after it (a reorg).
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from tallystick.local.errors import ChainLogBroken
from tallystick.local.files import PRIVATE_FILE, sync_folder

_HEAD: Final = struct.Struct(">II")
MAX_ENTRY_BYTES: Final = 2**28


class LoggedBlock(msgspec.Struct, frozen=True, array_like=True):
    """One block of the local chain."""

    number: int
    time_s: int
    hash: str
    transactions: list[bytes]


_decode_block = msgspec.msgpack.Decoder(LoggedBlock).decode


class ChainLog:
    """The log, open for appending by one process. A torn tail is cut off when it is opened."""

    def __init__(self, path: Path) -> None:
        blocks, length = read_log(path)
        is_new = not path.exists()
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE_FILE)
        os.ftruncate(self._file, length)
        os.lseek(self._file, length, os.SEEK_SET)
        if is_new:
            sync_folder(path.parent)
        self.hashes = [block.hash for block in blocks]
        """Of block 1, 2, ..."""

    @property
    def next_number(self) -> int:
        """The first block that the log does not hold."""
        return len(self.hashes) + 1

    def append(self, blocks: Sequence[LoggedBlock]) -> None:
        """The blocks are on disk; those they replace are forgotten.

        Raises:
            ChainLogBroken: a block is missing before one of them.
        """
        entries: list[bytes] = []
        hashes = list(self.hashes)
        for block in blocks:
            _place(hashes, block)
            payload = msgspec.msgpack.encode(block)
            entries += [_HEAD.pack(len(payload), zlib.crc32(payload)), payload]
        _write_all(self._file, b"".join(entries))
        os.fsync(self._file)
        self.hashes = hashes

    def close(self) -> None:
        """Another process may append."""
        os.close(self._file)


def read_log(path: Path) -> tuple[list[LoggedBlock], int]:
    """The blocks that the log in `path` holds, and how many of its bytes are whole."""
    content = path.read_bytes() if path.exists() else b""
    blocks: list[LoggedBlock] = []
    offset = 0
    while (entry := _read_entry(content, offset)) is not None:
        block, offset = entry
        del blocks[block.number - 1 :]
        blocks.append(block)
    return blocks, offset


def _read_entry(content: bytes, offset: int) -> tuple[LoggedBlock, int] | None:
    """The entry at `offset` and where it ends, None at the end or where the tail is torn."""
    if offset + _HEAD.size > len(content):
        return None
    length, checksum = _HEAD.unpack_from(content, offset)
    end = offset + _HEAD.size + length
    payload = content[offset + _HEAD.size : end]
    if length > MAX_ENTRY_BYTES or end > len(content) or zlib.crc32(payload) != checksum:
        return None
    return _decode_block(payload), end


def _place(hashes: list[str], block: LoggedBlock) -> None:
    if not 1 <= block.number <= len(hashes) + 1:
        raise ChainLogBroken(
            "a block is missing in the chain's log",
            expected=f"at most {len(hashes) + 1}",
            actual=block.number,
        )
    del hashes[block.number - 1 :]
    hashes.append(block.hash)


def _write_all(descriptor: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]
