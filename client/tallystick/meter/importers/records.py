"""Chunks of text columns become records."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from tallystick.core.usage import QUANTITY_FIELDS, Flag, Records, apply_time_ms
from tallystick.meter.importers.chunks import Cells, Chunk
from tallystick.meter.importers.errors import RowMalformed
from tallystick.meter.importers.numbers import Integers, parse_scaled, parse_whole_numbers
from tallystick.meter.importers.options import NAME_FIELDS, ImportOptions
from tallystick.meter.importers.times import TimeParser
from tallystick.meter.splitting import MAX_PIECES, count_pieces, create_split_records

MAX_STEP: Final = 2**16 - 1
MAX_NAME: Final = 256
MAX_RESOURCES: Final = 2**16

_MS_PER_S: Final = 1000
_MS_PER_H: Final = 3_600_000


class NameTable:
    """Numbers names in the order in which they first appear.

    Args:
        first: a name that gets 0 whether it appears or not.
    """

    def __init__(self, *first: str) -> None:
        self._index_by_name = {name: index for index, name in enumerate(first)}

    @property
    def names(self) -> list[str]:
        """By index."""
        return list(self._index_by_name)

    def number(self, cells: Cells) -> NDArray[np.int64]:
        """The index of every value.

        Raises:
            RowMalformed: a new name is longer than 256 characters or holds unprintable ones.
        """
        indexes = list(map(self._index_by_name.get, cells.values))
        if None in indexes:
            for row, name in enumerate(cells.values):
                if name not in self._index_by_name:
                    if len(name) > MAX_NAME or not name.isprintable():
                        cells.refuse(row, f"a printable name of at most {MAX_NAME} characters")
                    self._index_by_name[name] = len(self._index_by_name)
            indexes = list(map(self._index_by_name.get, cells.values))
        return np.array(indexes, np.int64)


class RecordBuilder:
    """Turns a file's chunks into records whose project, user and resource are table indexes.

    Args:
        options: as merged with the format's own columns.
    """

    def __init__(self, options: ImportOptions) -> None:
        self._options = options
        self._flags = _choose_flags(options)
        self.times = TimeParser(options.time_unit)
        self.tables = {"project": NameTable(), "user": NameTable(""), "resource": NameTable()}

    def build(self, chunk: Chunk) -> Records:
        """One record or more for every row, in order.

        Raises:
            RowMalformed: a value is missing, no exact number, out of range, or not a name.
            TimeUnitUnclear: see `TimeParser`.
        """
        chunk = self._complete(chunk)
        times = self.times.parse(chunk["time"])
        quantities = _parse_quantities(chunk, len(times))
        pieces = count_pieces(quantities)
        if pieces.max() > MAX_PIECES:
            row = int(pieces.argmax())
            raise RowMalformed(
                chunk["time"].find_line(row),
                "the row",
                expected=f"use that fits {MAX_PIECES} records",
                actual=f"{pieces[row]} records",
            )
        records, rows = create_split_records(quantities, pieces, flags=self._flags)
        apply_time_ms(records, times[rows])
        for name in NAME_FIELDS:
            if name in chunk:
                records[name] = self.tables[name].number(chunk[name])[rows]
        if "step" in chunk:
            is_first = np.diff(rows, prepend=-1) > 0
            records["step"] = np.where(is_first, _parse_step(chunk["step"])[rows], 0)
        return records

    def _complete(self, chunk: Chunk) -> Chunk:
        """Defaults stand in for what is missing; what is missing still is refused."""
        defaults = self._options.defaults
        count, find_line = len(chunk["time"].values), chunk["time"].find_line
        complete = {name: cells.with_default(defaults.get(name)) for name, cells in chunk.items()}
        for name, value in defaults.items():
            if name not in complete:
                complete[name] = Cells(f"the default of {name}", [value] * count, find_line)
        for name in ("project", "resource"):
            if "" in complete[name].values:
                complete[name].refuse(complete[name].values.index(""), f"a {name}")
        return complete


def _choose_flags(options: ImportOptions) -> int:
    """A file that counts tokens but knows nothing of reasoning says so: missing is not zero."""
    is_silent = options.counts_tokens and "out_reasoning" not in options.fields
    return int(Flag.REASONING_NOT_REPORTED) if is_silent else 0


def _parse_quantities(chunk: Chunk, count: int) -> dict[str, Integers]:
    zeros = np.zeros(count, np.int64)
    quantities = {
        name: parse_whole_numbers(chunk[name]) if name in chunk else zeros
        for name in QUANTITY_FIELDS
    }
    if "compute_s" in chunk:
        quantities["compute_ms"] = parse_scaled(chunk["compute_s"], scale=_MS_PER_S, round_up=True)
    if "compute_h" in chunk:
        quantities["compute_ms"] = parse_scaled(chunk["compute_h"], scale=_MS_PER_H, round_up=True)
    if "in_total" in chunk:
        fresh = parse_whole_numbers(chunk["in_total"]) - quantities["in_cached"]
        if fresh.min() < 0:
            chunk["in_total"].refuse(int(fresh.argmin()), "at least as many tokens as were cached")
        quantities["in_fresh"] = fresh
    return quantities


def _parse_step(cells: Cells) -> Integers:
    steps = parse_whole_numbers(cells)
    if steps.max() > MAX_STEP:
        cells.refuse(int(steps.argmax()), f"a step of at most {MAX_STEP}")
    return steps
