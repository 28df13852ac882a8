"""Settled records out of the index, byte for byte as they settled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from tallystick.core.corrections import SettledRecord
from tallystick.core.settlement import Cursor
from tallystick.core.usage import (
    QUANTITY_FIELDS,
    REASON_SHIFT,
    Records,
    apply_time_ms,
    create_records,
)
from tallystick.projection.reader import Reader, Row
from tallystick_node.errors import RecordNotIndexed, RecordUnknown

_RECORD: Final = (
    "SELECT records.*, batches.batch_time_ms FROM records"
    " JOIN batches ON batches.number = records.batch"
    " WHERE records.meter = $meter AND records.seq = $seq"
)
_COPIED: Final = ("project", "user", "resource", "flags", *QUANTITY_FIELDS, "step")


class SettledRecords:
    """Finds single records.

    Args:
        reader: of the index.
        read_cursor: where a meter stands, as followed; the index may be a moment behind.
    """

    def __init__(self, reader: Reader, read_cursor: Callable[[int], Cursor]) -> None:
        self._reader = reader
        self._read_cursor = read_cursor

    async def find(self, meter: int, seq: int) -> SettledRecord:
        """The record as it settled.

        Raises:
            RecordUnknown: the meter has not come to this number.
            RecordNotIndexed: it has, and this node's index will show it in a moment.
        """
        next_seq = self._read_cursor(meter).next_seq
        if not 0 <= seq < next_seq:
            raise RecordUnknown(
                f"meter {meter} has settled no such record",
                expected=f"a number below {next_seq}",
                actual=seq,
            )
        found = await asyncio.to_thread(
            self._reader.fetch_one, _RECORD, {"meter": meter, "seq": seq}
        )
        if found is None:
            raise RecordNotIndexed("the index does not show the record yet", actual=seq)
        return SettledRecord(meter, seq, rebuild_record(found), found["batch_time_ms"])


def rebuild_record(row: Row) -> Records:
    """One record, its cost word filled in, from its row in the index."""
    record = create_records(1)
    apply_time_ms(record, np.array([row["time_ms"]], dtype=np.int64))
    for name in _COPIED:
        record[name] = row[name]
    record["cost_word"] = _compute_cost_word(row)
    record.flags.writeable = False
    return record


def _compute_cost_word(row: dict[str, Any]) -> int:
    return int(row["reason"]) << REASON_SHIFT | int(row["cost_ucr"])
