"""The local chain's log: every block's raw transactions, to be replayed after a restart.

anvil keeps everything in memory, and its own dumps grow with all that ever happened. Execution
being deterministic, transactions and block times alone give back the same blocks, hash for hash.
A block whose number was there before replaces that block and everything after it (a reorg).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from tallystick.local.entries import EntryFile, read_entries
from tallystick.local.errors import ChainLogBroken


class LoggedBlock(msgspec.Struct, frozen=True, array_like=True):
    """One block of the local chain."""

    number: int
    time_s: int
    hash: str
    transactions: list[bytes]


_decode_block = msgspec.msgpack.Decoder(LoggedBlock).decode
_encode_block = msgspec.msgpack.Encoder().encode


class ChainLog:
    """The log, open for appending by one process."""

    def __init__(self, path: Path) -> None:
        self._file = EntryFile(path)
        self.hashes = [block.hash for block in _join(self._file.found)]
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
        hashes = list(self.hashes)
        for block in blocks:
            _check_place(block.number, len(hashes))
            hashes[block.number - 1 :] = [block.hash]
        self._file.append(map(_encode_block, blocks))
        self.hashes = hashes

    def close(self) -> None:
        """Another process may append."""
        self._file.close()


def read_blocks(path: Path) -> list[LoggedBlock]:
    """Block 1, 2, ... as the log in `path` holds them."""
    entries, _ = read_entries(path)
    return _join(entries)


def _join(entries: Iterable[bytes]) -> list[LoggedBlock]:
    blocks: list[LoggedBlock] = []
    for block in map(_decode_block, entries):
        _check_place(block.number, len(blocks))
        blocks[block.number - 1 :] = [block]
    return blocks


def _check_place(number: int, length: int) -> None:
    if not 1 <= number <= length + 1:
        raise ChainLogBroken(
            "a block is missing in the chain's log", expected=f"1..{length + 1}", actual=number
        )
