"""The bytes of an imported file: decompressed where needed, and hashed as they are read."""

from __future__ import annotations

import gzip
import hashlib
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, cast

from tallystick.meter.importers.errors import RowMalformed, SourceUnreadable

MAX_LINE_BYTES: Final = 1 << 20
_BUFFER_BYTES: Final = 1 << 18
_GZIP_MAGIC: Final = b"\x1f\x8b"


class SourceReader(io.RawIOBase):
    """Passes bytes on, remembers their SHA-256, and refuses a line that never ends.

    Whoever splits the content into lines holds a whole line in memory, so the bound is kept here,
    where it costs nothing per line.

    Args:
        source: read to its end by `compute_hash`.
    """

    def __init__(self, source: io.BufferedIOBase, max_line_bytes: int = MAX_LINE_BYTES) -> None:
        super().__init__()
        self._source = source
        self._max_line_bytes = max_line_bytes
        self._digest = hashlib.sha256()
        self._line = 1
        self._line_bytes = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """As of every raw stream.

        Raises:
            SourceUnreadable: the file cannot be read or decompressed.
            RowMalformed: a line is longer than it may be.
        """
        try:
            count = self._source.readinto(buffer)
        except (OSError, EOFError, zlib.error) as error:
            raise SourceUnreadable("the file cannot be read", actual=str(error)) from error
        block = bytes(memoryview(buffer)[:count])
        self._digest.update(block)
        self._check_line(block)
        return count

    def compute_hash(self) -> bytes:
        """The hash of the whole content, 32 bytes; what was not read yet is read now."""
        buffer = bytearray(_BUFFER_BYTES)
        while self.readinto(buffer):
            pass
        return self._digest.digest()

    def _check_line(self, block: bytes) -> None:
        last_end = block.rfind(b"\n")
        self._line_bytes = len(block) - last_end - 1 + (self._line_bytes if last_end < 0 else 0)
        self._line += block.count(b"\n")
        if self._line_bytes > self._max_line_bytes:
            raise RowMalformed(
                self._line,
                "the line",
                expected=f"at most {self._max_line_bytes} bytes",
                actual=block[-80:].decode(errors="replace"),
            )


@contextmanager
def open_source(
    source: Path | BinaryIO, max_line_bytes: int = MAX_LINE_BYTES
) -> Iterator[tuple[BinaryIO, SourceReader]]:
    """The content of a file or stream, gzip or not, and the hash that it will have.

    Args:
        source: a path, or an open stream such as standard input, which stays open.
        max_line_bytes: of one line; a longer one is refused before it fills the memory.

    Raises:
        SourceUnreadable: there is no such file, or it may not be read.
    """
    try:
        raw = source.open("rb") if isinstance(source, Path) else source
    except OSError as error:
        raise SourceUnreadable(
            f"{source} cannot be opened", expected="a readable file", actual=error.strerror
        ) from error
    try:
        buffered = io.BufferedReader(cast("io.RawIOBase", raw), _BUFFER_BYTES)
        is_gzip = buffered.peek(2)[:2] == _GZIP_MAGIC
        plain = gzip.GzipFile(fileobj=buffered) if is_gzip else buffered
        hashing = SourceReader(plain, max_line_bytes)
        yield io.BufferedReader(hashing, _BUFFER_BYTES), hashing
        buffered.detach()
    finally:
        if isinstance(source, Path):
            raw.close()
