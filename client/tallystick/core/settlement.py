"""The ledger's rules in Python: who passes the cursor, what the accumulator absorbs.

The follower and `verify` replay settlement with these; `UsageLedger.sol` and `Cursors.sol` are the
originals, docs/protocol.md section 4 is the specification.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from tallystick.core.batches import Segment
from tallystick.core.facts import MeterKey
from tallystick.core.hashes import compute_keccak256


class SegmentStatus(IntEnum):
    """What became of a segment in its settlement transaction."""

    SETTLED = 0
    PASSED = 1
    OVERLAPPING = 2
    GAP = 3
    OLD_KEY = 4


class SkipReason(IntEnum):
    """Why a batch was skipped whole."""

    EXPIRED = 1
    OLD_VALIDATOR_SET = 2
    OLD_RULES = 3
    WRONG_FORK = 4
    NOTHING_SETTLED = 5


@dataclass(frozen=True, slots=True)
class Cursor:
    """The next sequence number the chain accepts from a meter, and under which key."""

    next_seq: int = 0
    key_index: int = 0


def apply_meter_key(cursor: Cursor | None, key: MeterKey) -> Cursor:
    """Where a meter stands once its key was announced: its first key opens it, a later one rotates.

    Args:
        cursor: before, None where the meter was not open.
        key: starts at the cursor, wherever in its block the announcement came.
    """
    before = cursor or Cursor()
    return Cursor(max(before.next_seq, key.first_seq), max(before.key_index, key.key_index))


def compute_segment_status(cursor: Cursor | None, segment: Segment) -> SegmentStatus:
    """What the ledger does with a segment when it meets this cursor; None accepts no key."""
    if cursor is None or segment.key_index != cursor.key_index:
        return SegmentStatus.OLD_KEY
    if segment.first_seq == cursor.next_seq:
        return SegmentStatus.SETTLED
    if segment.first_seq > cursor.next_seq:
        return SegmentStatus.GAP
    return SegmentStatus.PASSED if segment.end_seq <= cursor.next_seq else SegmentStatus.OVERLAPPING


def compute_statuses(
    cursors: Mapping[int, Cursor], segments: Sequence[Segment]
) -> tuple[list[SegmentStatus], dict[int, Cursor]]:
    """What becomes of each segment in order, and the cursors that moved.

    Args:
        cursors: by meter, before the batch; a missing one was never opened.
        segments: the batch's.
    """
    moved: dict[int, Cursor] = {}
    statuses: list[SegmentStatus] = []
    for segment in segments:
        cursor = moved.get(segment.meter) or cursors.get(segment.meter)
        status = compute_segment_status(cursor, segment)
        if status is SegmentStatus.SETTLED:
            moved[segment.meter] = Cursor(segment.end_seq, segment.key_index)
        statuses.append(status)
    return statuses, moved


def compute_settled_bitmap(statuses: Sequence[SegmentStatus]) -> int:
    """Bit i set where segment i settled."""
    return sum(1 << i for i, status in enumerate(statuses) if status is SegmentStatus.SETTLED)


def compute_accumulator(accumulator: bytes, data_hash: bytes, settled_bitmap: int) -> bytes:
    """The chain of all settled batches after one more: 32 bytes."""
    return compute_keccak256(accumulator, data_hash, settled_bitmap.to_bytes(32, "big"))
