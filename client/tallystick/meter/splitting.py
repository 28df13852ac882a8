"""Use beyond what one record holds becomes several records: split, never clipped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tallystick.core.usage import (
    MAX_CONTEXT,
    QUANTITY_FIELDS,
    TOKEN_FIELDS,
    Flag,
    Records,
    create_records,
)

Integers = NDArray[np.int64]

MAX_QUANTITY: Final = 2**32 - 1
"""Of one field in one record."""
MAX_PIECES: Final = 4096
"""Records one row may become; more is an error in the source rather than use."""

_RESOURCES: Final = tuple(name for name in QUANTITY_FIELDS if name not in TOKEN_FIELDS)


def count_pieces(quantities: Mapping[str, Integers]) -> Integers:
    """How many records each row becomes, at least 1.

    Args:
        quantities: every quantity field, one value per row, 0 or more.
    """
    pieces = _ceil_div(_compute_context(quantities), MAX_CONTEXT)
    for name in _RESOURCES:
        pieces = np.maximum(pieces, _ceil_div(quantities[name], MAX_QUANTITY))
    return np.maximum(pieces, 1)


def create_split_records(
    quantities: Mapping[str, Integers], pieces: Integers, *, flags: int
) -> tuple[Records, Integers]:
    """One or more records per row, in order, with quantities and flags filled in.

    The first record of a row takes as much as it holds, the continuations (flag 6) the rest. A row
    of more tokens than any context holds is an aggregate of calls: its first record has flag 7.

    Args:
        quantities: every quantity field, one value per row.
        pieces: from `count_pieces`.
        flags: of every row.

    Returns:
        The records, and for each the index of its row.
    """
    rows = np.repeat(np.arange(len(pieces)), pieces)
    if len(rows) == len(pieces):
        return _create_unsplit(quantities, flags), rows
    piece = np.arange(len(rows)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    records = create_records(len(rows))
    for name in _RESOURCES:
        records[name] = np.clip(quantities[name][rows] - piece * MAX_QUANTITY, 0, MAX_QUANTITY)
    _fill_tokens(records, quantities, rows, piece)
    is_aggregate = (_compute_context(quantities) > MAX_CONTEXT)[rows]
    first_flags = np.where(is_aggregate, flags | Flag.AGGREGATE, flags)
    records["flags"] = np.where(piece == 0, first_flags, int(Flag.CONTINUATION))
    return records, rows


def _create_unsplit(quantities: Mapping[str, Integers], flags: int) -> Records:
    records = create_records(len(quantities[QUANTITY_FIELDS[0]]))
    for name in QUANTITY_FIELDS:
        records[name] = quantities[name]
    records["flags"] = flags
    return records


def _fill_tokens(
    records: Records, quantities: Mapping[str, Integers], rows: Integers, piece: Integers
) -> None:
    """Lay a row's token fields end to end and give each record the next `MAX_CONTEXT` of them."""
    low, high = piece * MAX_CONTEXT, (piece + 1) * MAX_CONTEXT
    start = np.zeros(len(rows), np.int64)
    for name in TOKEN_FIELDS:
        end = start + quantities[name][rows]
        records[name] = np.maximum(np.minimum(end, high) - np.maximum(start, low), 0)
        start = end


def _compute_context(quantities: Mapping[str, Integers]) -> Integers:
    context = quantities[TOKEN_FIELDS[0]].copy()
    for name in TOKEN_FIELDS[1:]:
        context += quantities[name]
    return context


def _ceil_div(values: Integers, divisor: int) -> Integers:
    return -(-values // divisor)
