"""A settlement taken apart: its batch, its segments, and its records as columns. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tallystick.chain.blocks import Settlement
from tallystick.core.batches import Batch, BatchHeader, Segment, decode_batch
from tallystick.core.facts import FactBook, Facts, Rules
from tallystick.core.settlement import (
    Cursor,
    SegmentStatus,
    compute_settled_bitmap,
    compute_statuses,
)
from tallystick.core.usage import QUANTITY_FIELDS, read_costs_ucr, read_reasons, read_time_ms
from tallystick.core.verdicts import compute_charged_time_ms
from tallystick.projection.errors import ProjectionDisagrees

Columns = dict[str, NDArray[Any]]
"""Arrays of one length, by column."""

MARK_NAMES: Final = {0: "", 1: "early", 2: "late"}
EARLY: Final = 1
LATE: Final = 2


@dataclass(frozen=True, slots=True)
class SettledBatch:
    """What the tables keep of one settlement. `columns` holds its settled records only."""

    settlement: Settlement
    header: BatchHeader
    segments: tuple[Segment, ...]
    statuses: tuple[SegmentStatus, ...]
    moved: Mapping[int, Cursor]
    rules: Rules
    columns: Columns


def read_settlement(
    settlement: Settlement, cursors: Mapping[int, Cursor], book: FactBook
) -> SettledBatch:
    """The settlement's calldata as rows and columns.

    Args:
        settlement: as the follower hands it on, its data checked against the announced hash.
        cursors: by meter, as they stood before it.
        book: knows the facts up to the settlement's block at least.

    Raises:
        ProjectionDisagrees: the ledger settled other segments than these cursors allow.
        BatchMalformed: the calldata is no batch.
        FactUnknown: no rules are known at the reference block.
    """
    batch = decode_batch(settlement.data)
    statuses, moved = compute_statuses(cursors, batch.segments)
    if (expected := compute_settled_bitmap(statuses)) != settlement.settled_bitmap:
        raise ProjectionDisagrees(
            f"batch {settlement.number} settled other segments than the cursors allow",
            expected=f"{expected:#b}",
            actual=f"{settlement.settled_bitmap:#b}",
        )
    facts = book.at(batch.header.reference_block)
    return SettledBatch(
        settlement,
        batch.header,
        batch.segments,
        tuple(statuses),
        moved,
        facts.rules_at(batch.header.batch_time_ms),
        _compute_columns(settlement, batch, statuses, facts),
    )


def _compute_columns(
    settlement: Settlement, batch: Batch, statuses: Sequence[SegmentStatus], facts: Facts
) -> Columns:
    """The records of the settled segments, one array per column of the table `records`."""
    counts = [segment.count for segment in batch.segments]
    settled = np.repeat([status is SegmentStatus.SETTLED for status in statuses], counts)
    starts = np.array([segment.first_seq - segment.start for segment in batch.segments])
    positions = np.flatnonzero(settled)
    records = batch.records[positions]
    rules = facts.rules_at(batch.header.batch_time_ms)
    time_ms = read_time_ms(records)
    charged_ms = compute_charged_time_ms(time_ms, batch.header.batch_time_ms, rules)
    return {
        "block": np.full(len(records), settlement.block),
        "batch": np.full(len(records), settlement.number),
        "position": positions.astype(np.uint16),
        "meter": batch.meters()[positions],
        "seq": np.repeat(starts, counts)[positions] + positions,
        "time_ms": time_ms,
        "charged_ms": charged_ms,
        "mark": _compute_marks(time_ms, charged_ms),
        "project": _native(records["project"]),
        "user": _native(records["user"]),
        "resource": _native(records["resource"]),
        "flags": _native(records["flags"]),
        **{field: _native(records[field]) for field in QUANTITY_FIELDS},
        "step": _native(records["step"]),
        "reason": read_reasons(records),
        "cost_ucr": read_costs_ucr(records).astype(np.int64),
        "tariff_version": _find_tariff_versions(records["resource"], charged_ms, facts),
    }


def _compute_marks(time_ms: NDArray[np.int64], charged_ms: NDArray[np.int64]) -> NDArray[np.uint8]:
    """EARLY or LATE where a record was charged at another time than its own."""
    return np.where(time_ms > charged_ms, EARLY, np.where(time_ms < charged_ms, LATE, 0)).astype(
        np.uint8
    )


def _find_tariff_versions(
    resources: NDArray[np.uint16], charged_ms: NDArray[np.int64], facts: Facts
) -> NDArray[np.uint32]:
    """The version of the rates in force for each record; 0 where its resource has none."""
    found = np.zeros(len(resources), dtype=np.uint32)
    for resource in np.unique(resources).tolist():
        if resource not in facts.rates:
            continue
        timeline = facts.rates[resource]
        versions = np.array([0, *(rates.version for rates in timeline.values)], dtype=np.uint32)
        rows = np.flatnonzero(resources == resource)
        places = np.searchsorted(np.array(timeline.starts_ms), charged_ms[rows], side="right")
        found[rows] = versions[places]
    return found


def _native(column: NDArray[Any]) -> NDArray[Any]:
    """The column in the machine's byte order, contiguous."""
    return column.astype(column.dtype.newbyteorder("="))
