"""A log read to its end and on, over rotations and restarts, no line lost or read as another.

A line's identity is a chain of hashes from the file's first line: it depends on what was written
alone, so that reading a file again, under any name, gives the same identities.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from tallystick.meter.passive.errors import PositionInvalid
from tallystick.meter.passive.tally import Tally

MAX_LINE_BYTES: Final = 1 << 20
_READ_BYTES: Final = 1 << 18
_HEAD_BYTES: Final = 512


class Position(msgspec.Struct, frozen=True):
    """How far a file was read."""

    inode: int
    head: str
    """SHA-256 of the file's first bytes: inodes are given to other files in time."""
    head_bytes: int
    offset: int
    chain: str


@dataclass(frozen=True, slots=True)
class Line:
    """A whole line.

    Args:
        text: without its end.
        identity: chain of hashes up to and with it, hex.
        position: after it.
    """

    text: bytes
    identity: str
    position: Position


def load_position(path: Path) -> Position | None:
    """The position that was saved, None before the first.

    Raises:
        PositionInvalid: the file holds none.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Position)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError) as error:
        raise PositionInvalid(f"{path} holds no position", actual=str(error)[:120]) from error


def save_position(path: Path, position: Position) -> None:
    """The position is on disk: reading goes on there."""
    fresh = path.with_suffix(".new")
    with fresh.open("wb") as file:
        file.write(msgspec.json.encode(position))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


class Tail:
    """A log that is written while it is read.

    Args:
        path: where the newest file lies; rotated ones lie beside it and begin with its name.
        position: as saved, None to begin with the file's first line.
        tally: gets lines beyond the bound, and files that were gone.
    """

    def __init__(self, path: Path, position: Position | None, tally: Tally) -> None:
        self._path = path
        self._tally = tally
        self._file: BinaryIO | None = None
        self._offset = 0
        self._chain = ""
        self._is_passing_over = False
        if position is not None:
            self._resume(position)

    def read(self) -> Iterator[Line]:
        """The whole lines that are there now and were not read yet; a file without end waits."""
        while True:
            if self._file is None:
                if not self._path.exists():
                    return
                self._open(self._path)
            yield from self._read_lines()
            if not self._is_replaced():
                return
            # What was written between the last look and the change of files, to its very end.
            yield from self._read_lines(is_final=True)
            self.close()

    def close(self) -> None:
        """The file is closed; the next one begins at its first line."""
        if self._file is not None:
            self._file.close()
            self._file = None
        self._offset, self._chain, self._is_passing_over = 0, "", False

    def _resume(self, position: Position) -> None:
        """The file that was being read is open where it was left, whatever it is called by now."""
        beside = sorted(self._path.parent.glob(self._path.name + "*"))
        for path in [self._path, *beside]:
            if path.is_file() and _is_same(path, position):
                self._open(path)
                self._offset, self._chain = position.offset, position.chain
                return
        self._tally.add("rotated_away")

    def _open(self, path: Path) -> None:
        self._file = path.open("rb")

    def _is_replaced(self) -> bool:
        """Whether the path names another file now, or this one was emptied."""
        if self._file is None:
            return False
        mine = os.fstat(self._file.fileno())
        try:
            there = self._path.stat()
        except FileNotFoundError:
            return False  # the next one comes soon; more may still be written to this one
        return there.st_ino != mine.st_ino or mine.st_size < self._offset

    def _read_lines(self, *, is_final: bool = False) -> Iterator[Line]:
        assert self._file is not None  # noqa: S101 - opened by the caller
        if os.fstat(self._file.fileno()).st_size < self._offset:
            return
        self._file.seek(self._offset)
        pending = b""
        while block := self._file.read(_READ_BYTES):
            *lines, pending = self._pass_over(pending + block).split(b"\n")
            for text in lines:
                yield self._take(text)
            if len(pending) > MAX_LINE_BYTES:
                self._tally.add("too_large")
                self._is_passing_over = True
                pending = self._pass_over(pending)
        if is_final and pending:
            yield self._take(pending)

    def _take(self, text: bytes) -> Line:
        self._offset += len(text) + 1
        self._chain = hashlib.sha256(bytes.fromhex(self._chain) + text).hexdigest()
        return Line(text.rstrip(b"\r"), self._chain, self._locate())

    def _pass_over(self, data: bytes) -> bytes:
        """What is too long for a line is left out up to its end; nothing is kept of it."""
        if not self._is_passing_over:
            return data
        end = data.find(b"\n") + 1
        self._is_passing_over = end == 0
        self._offset += end or len(data)
        return data[end:] if end else b""

    def _locate(self) -> Position:
        assert self._file is not None  # noqa: S101 - as above
        head_bytes = min(_HEAD_BYTES, self._offset)
        head = os.pread(self._file.fileno(), head_bytes, 0)
        inode = os.fstat(self._file.fileno()).st_ino
        return Position(
            inode, hashlib.sha256(head).hexdigest(), len(head), self._offset, self._chain
        )


def _is_same(path: Path, position: Position) -> bool:
    """Whether the file is the one of the position: by its number, size and first bytes."""
    found = path.stat()
    if found.st_ino != position.inode or found.st_size < position.offset:
        return False
    with path.open("rb") as file:
        head = file.read(position.head_bytes)
    return hashlib.sha256(head).hexdigest() == position.head
