"""CSV with a header line, and JSON lines: chunks of the columns that are asked for."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from operator import itemgetter
from typing import Any, BinaryIO, Final

import msgspec

from tallystick.meter.importers.chunks import CHUNK_ROWS, Cells, Chunk
from tallystick.meter.importers.errors import ColumnMissing, RowMalformed
from tallystick.meter.importers.lines import read_line_chunks
from tallystick.meter.importers.options import ImportOptions

_LINE_END: Final = re.compile(r"\r\n|\r|\n")


def read_csv(stream: BinaryIO, options: ImportOptions) -> Iterator[Chunk]:
    """The mapped columns of a comma-separated file, chunk by chunk.

    Raises:
        ColumnMissing: the header lacks a column, or has it twice.
        RowMalformed: a row has too few or too many cells, or its quotes do not match.
    """
    text = io.TextIOWrapper(stream, "utf-8-sig", errors="surrogateescape", newline="")
    reader = csv.reader(text, strict=True)
    try:
        header = next(reader, [])
        positions = {name: _find_column(header, column) for name, column in options.columns.items()}
        while True:
            line = reader.line_num
            rows = list(islice(reader, CHUNK_ROWS))
            if not rows:
                return
            yield from _transpose(rows, line, header, positions)
    except csv.Error as error:
        raise RowMalformed(
            reader.line_num, "the line", expected="comma-separated values", actual=str(error)
        ) from error


def read_jsonl(stream: BinaryIO, options: ImportOptions) -> Iterator[Chunk]:
    """The mapped members of one JSON object per line; `a.b` reaches into nested objects.

    Raises:
        RowMalformed: a line is no JSON object, or a value is neither number nor text.
    """
    # Numbers with a fraction stay text, so that they are read exactly.
    decoder = msgspec.json.Decoder(dict[str, Any], float_hook=str)
    getters = {name: _build_getter(column) for name, column in options.columns.items()}
    for numbers, lines in read_line_chunks(stream):
        rows = [_decode(decoder, line, at) for at, line in zip(numbers, lines, strict=True)]
        find_line = numbers.__getitem__
        yield {
            name: Cells(
                options.columns[name],
                [
                    value if type(value) is str else _to_text(value, options.columns[name], at)
                    for value, at in zip(map(get, rows), numbers, strict=True)
                ],
                find_line,
            )
            for name, get in getters.items()
        }


def _transpose(
    rows: list[list[str]], line_before: int, header: list[str], positions: dict[str, int]
) -> Iterator[Chunk]:
    """The rows as one chunk, or none if all were blank lines."""

    def find_raw_line(row: int) -> int:
        return line_before + 1 + sum(map(_count_lines, rows[:row]))

    kept = range(len(rows))
    if set(map(len, rows)) != {len(header)}:
        kept_rows = [row for row, cells in enumerate(rows) if cells]
        for row in kept_rows:
            if len(rows[row]) != len(header):
                raise RowMalformed(
                    find_raw_line(row),
                    "the row",
                    expected=f"{len(header)} cells",
                    actual=",".join(rows[row]),
                )
        full = [rows[row] for row in kept_rows]
    else:
        full, kept_rows = rows, list(kept)

    def find_line(row: int) -> int:
        return find_raw_line(kept_rows[row])

    if full:
        yield {
            name: Cells(header[at], list(map(itemgetter(at), full)), find_line)
            for name, at in positions.items()
        }


def _find_column(header: list[str], column: str) -> int:
    found = [at for at, name in enumerate(header) if name.strip() == column]
    if len(found) != 1:
        raise ColumnMissing(
            f"column {column!r} is " + ("not in the header" if not found else "there twice"),
            expected="one of " + ", ".join(header),
            actual=column,
        )
    return found[0]


def _count_lines(cells: Sequence[str]) -> int:
    """How many lines of the file a row of these cells takes."""
    return 1 + sum(len(_LINE_END.findall(cell)) for cell in cells)


def _decode(
    decoder: msgspec.json.Decoder[dict[str, Any]], line: bytes, number: int
) -> dict[str, Any]:
    try:
        return decoder.decode(line)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise RowMalformed(
            number, "the line", expected="a JSON object", actual=str(error)
        ) from error


def _build_getter(column: str) -> Callable[[dict[str, Any]], object]:
    parts = column.split(".")

    def get(row: dict[str, Any]) -> object:
        if column in row:
            return row[column]
        found: object = row
        for part in parts:
            found = found.get(part) if isinstance(found, dict) else None
        return found

    return get


def _to_text(value: object, column: str, line: int) -> str:
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise RowMalformed(line, column, expected="a number or text", actual=str(value))
