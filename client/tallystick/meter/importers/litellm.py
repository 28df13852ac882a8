"""LiteLLM's table of calls, `LiteLLM_SpendLogs`: as CSV, JSON lines, or the array of its API.

Counts come from `metadata.usage_object`, the provider's own; where a row has none, the totals
stand in. A call that failed before its provider counted, or that LiteLLM answered from its own
cache, used nothing and is no row here; a request id that comes again is the same call.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, BinaryIO, Final

import msgspec

from tallystick.core.usage import TOKEN_FIELDS
from tallystick.meter.importers.chunks import CHUNK_ROWS, Cells, Chunk
from tallystick.meter.importers.errors import ColumnMissing, RowMalformed
from tallystick.meter.importers.options import ImportOptions
from tallystick.meter.litellm_usage import read_litellm_usage
from tallystick.meter.parse.errors import UsageMalformed

USAGE: Final = "metadata.usage_object"
COLUMNS: Final = {
    "time": "startTime",
    "resource": "model",
    **dict.fromkeys(TOKEN_FIELDS, USAGE),
}
"""Field -> column; `user` and `project` may be mapped beside them, such as `project=team_id`."""

FAILURE: Final = "failure"
MAX_LINE_BYTES: Final = 16 << 20
"""Of one row: it may hold a whole conversation."""
MAX_CELL: Final = 16 << 20

_TOTALS: Final = ("prompt_tokens", "completion_tokens", "total_tokens")
_JSON_COLUMNS: Final = frozenset({"metadata", "request_tags"})
_SPACE: Final = b" \t\r\n"

Row = Mapping[str, Any]


def read_litellm(stream: BinaryIO, options: ImportOptions) -> Iterator[Chunk]:
    """The calls of such a table that used something, in its order.

    Raises:
        ColumnMissing: the table lacks a column.
        RowMalformed: a row is no such call, or its usage holds something that is no count.
    """
    seen: set[str] = set()
    rows = _read_rows(stream, options)
    billed = ((line, row) for line, row in rows if _is_billed(row) and _is_new(row, seen))
    while part := list(islice(billed, CHUNK_ROWS)):
        yield _build_chunk(part, options)


def _read_rows(stream: BinaryIO, options: ImportOptions) -> Iterator[tuple[int, Row]]:
    buffered = io.BufferedReader(stream)  # type: ignore[type-var] # it is a raw stream's twin
    first = buffered.peek(1)[:64].lstrip(_SPACE)[:1]
    if first == b"{":
        return _read_lines(buffered)
    if first == b"[":
        return _read_array(buffered)
    return _read_table(buffered, options)


def _read_lines(stream: Iterable[bytes]) -> Iterator[tuple[int, Row]]:
    for number, line in enumerate(stream, 1):
        if not line.isspace():
            yield number, _decode(line, number, dict[str, Any])


def _read_array(stream: BinaryIO) -> Iterator[tuple[int, Row]]:
    yield from enumerate(_decode(stream.read(), 1, list[dict[str, Any]]), 1)


def _read_table(stream: BinaryIO, options: ImportOptions) -> Iterator[tuple[int, Row]]:
    """The rows of a CSV file; cells of JSON are decoded, empty ones are missing."""
    text = io.TextIOWrapper(stream, "utf-8-sig", errors="surrogateescape", newline="")
    reader = csv.DictReader(text, strict=True)
    before = csv.field_size_limit(MAX_CELL)
    try:
        _check_header(list(reader.fieldnames or ()), options)
        for row in reader:
            if None in row or None in row.values():
                raise RowMalformed(
                    reader.line_num, "the row", expected="a cell for each column", actual=str(row)
                )
            yield reader.line_num, _clean(row, reader.line_num)
    except csv.Error as error:
        raise RowMalformed(
            reader.line_num, "the line", expected="comma-separated values", actual=str(error)
        ) from error
    finally:
        csv.field_size_limit(before)


def _check_header(header: list[str], options: ImportOptions) -> None:
    wanted = {column.partition(".")[0] for column in options.columns.values()}
    for column in sorted(wanted | {"request_id"}):
        if column not in header:
            raise ColumnMissing(
                f"column {column!r} is not in the header",
                expected="one of " + ", ".join(header),
                actual=column,
            )


def _clean(row: Mapping[str, str], line: int) -> Row:
    return {
        name: _decode(value.encode(errors="replace"), line, Any) if name in _JSON_COLUMNS else value
        for name, value in row.items()
        if value not in ("", "\\N")
    }


def _is_billed(row: Row) -> bool:
    if str(row.get("cache_hit")).lower() in ("true", "t"):
        return False
    return row.get("status") != FAILURE or bool(_find(row, USAGE))


def _is_new(row: Row, seen: set[str]) -> bool:
    """Rows without an id are calls of their own: nothing is dropped for want of one."""
    name = row.get("request_id")
    if not isinstance(name, str) or not name:
        return True
    if name in seen:
        return False
    seen.add(name)
    return True


def _build_chunk(part: list[tuple[int, Row]], options: ImportOptions) -> Chunk:
    lines = [line for line, _ in part]
    readings = [_read_counts(row, line) for line, row in part]
    cells: dict[str, list[str]] = {}
    for name, column in options.columns.items():
        if column == USAGE and name in TOKEN_FIELDS:
            cells[name] = [str(reading[name]) for reading in readings]
        else:
            cells[name] = [_to_text(_find(row, column), column, line) for line, row in part]
    return {
        name: Cells(options.columns[name], values, lines.__getitem__)
        for name, values in cells.items()
    }


def _read_counts(row: Row, line: int) -> dict[str, int]:
    usage = _find(row, USAGE)
    if not isinstance(usage, Mapping) or not usage:
        usage = {name: _to_count(row[name]) for name in _TOTALS if row.get(name) is not None}
    try:
        reading = read_litellm_usage(usage)
    except UsageMalformed as error:
        raise RowMalformed(
            line, error.field or USAGE, expected=str(error.expected), actual=str(error.actual)
        ) from error
    return {name: getattr(reading, name) for name in TOKEN_FIELDS}


def _to_count(value: object) -> object:
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value


def _find(row: Row, column: str) -> Any:  # noqa: ANN401 - JSON
    if column in row:
        return row[column]
    found: Any = row
    for part in column.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _to_text(value: object, column: str, line: int) -> str:
    if value is None:
        return ""
    if isinstance(value, str | int) and not isinstance(value, bool):
        return str(value)
    raise RowMalformed(line, column, expected="a number or text", actual=str(value))


def _decode(encoded: bytes, line: int, kind: Any) -> Any:  # noqa: ANN401 - as `kind`
    try:
        return msgspec.json.decode(encoded, type=kind)
    except (ValueError, RecursionError) as error:  # msgspec's errors are ValueErrors
        raise RowMalformed(line, "the row", expected="JSON", actual=str(error)) from error
