"""The Mooncake traces: timestamp (ms from the start), input_length, output_length, hash_ids.

A hash id names 512 tokens of prompt together with everything before them; an id seen in an earlier
row was in the cache.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile
from typing import BinaryIO, Final

import msgspec

from tallystick.meter.importers.chunks import Cells, Chunk
from tallystick.meter.importers.errors import RowMalformed
from tallystick.meter.importers.lines import read_line_chunks
from tallystick.meter.importers.options import ImportOptions

BLOCK_TOKENS: Final = 512


class _Request(msgspec.Struct):
    timestamp: int
    input_length: int
    output_length: int
    hash_ids: list[int]


COLUMNS: Final = {
    "time": "timestamp",
    "in_total": "input_length",
    "in_cached": "hash_ids",
    "out_visible": "output_length",
}


def read_mooncake(stream: BinaryIO, _: ImportOptions) -> Iterator[Chunk]:
    """The trace's rows, with what its cache would have held.

    Raises:
        RowMalformed: a line is no request of such a trace.
    """
    decoder = msgspec.json.Decoder(_Request)
    seen: set[int] = set()
    for numbers, lines in read_line_chunks(stream):
        requests = [_decode(decoder, line, at) for at, line in zip(numbers, lines, strict=True)]
        values = {
            "time": [str(request.timestamp) for request in requests],
            "in_total": [str(request.input_length) for request in requests],
            "in_cached": [str(_count_cached(request, seen)) for request in requests],
            "out_visible": [str(request.output_length) for request in requests],
        }
        find_line = numbers.__getitem__
        yield {name: Cells(COLUMNS[name], cells, find_line) for name, cells in values.items()}


def _count_cached(request: _Request, seen: set[int]) -> int:
    """Tokens of the prompt's leading blocks that earlier rows have left in the cache."""
    leading = sum(1 for _ in takewhile(seen.__contains__, request.hash_ids))
    seen.update(request.hash_ids)
    return min(request.input_length, BLOCK_TOKENS * leading)


def _decode(decoder: msgspec.json.Decoder[_Request], line: bytes, number: int) -> _Request:
    try:
        return decoder.decode(line)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise RowMalformed(
            number, "the line", expected="a request of a Mooncake trace", actual=str(error)
        ) from error
