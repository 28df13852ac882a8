"""Lines of a file that are not blank, numbered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from tallystick.meter.importers.chunks import CHUNK_ROWS


def read_line_chunks(stream: BinaryIO) -> Iterator[tuple[list[int], list[bytes]]]:
    """Numbers, from 1, and contents of some thousand lines at a time."""
    numbers: list[int] = []
    lines: list[bytes] = []
    for number, line in enumerate(stream, 1):
        if line.isspace():
            continue
        numbers.append(number)
        lines.append(line)
        if len(lines) == CHUNK_ROWS:
            yield numbers, lines
            numbers, lines = [], []
    if lines:
        yield numbers, lines
