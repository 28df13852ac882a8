import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.core.batches import Segment
from tallystick.core.facts import MeterKey
from tallystick.core.settlement import (
    Cursor,
    SegmentStatus,
    apply_meter_key,
    compute_accumulator,
    compute_segment_status,
    compute_settled_bitmap,
    compute_statuses,
)

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "settlement.json").read_text())


def build_segment(
    first_seq: int, count: int = 10, *, meter: int = 1, key_index: int = 0
) -> Segment:
    return Segment(1, meter, key_index, first_seq, count, bytes(64), 0)


def test_old_key_is_seen_before_the_cursor() -> None:
    status = compute_segment_status(Cursor(10, 1), build_segment(10, key_index=0))
    assert status is SegmentStatus.OLD_KEY


def test_cursor_tells_settled_passed_overlapping_and_gap_apart() -> None:
    cursor = Cursor(10)
    assert compute_segment_status(cursor, build_segment(10)) is SegmentStatus.SETTLED
    assert compute_segment_status(cursor, build_segment(0)) is SegmentStatus.PASSED
    assert compute_segment_status(cursor, build_segment(1)) is SegmentStatus.OVERLAPPING
    assert compute_segment_status(cursor, build_segment(11)) is SegmentStatus.GAP


def test_meter_that_was_never_opened_has_no_key() -> None:
    statuses, moved = compute_statuses({}, [build_segment(0), build_segment(0, key_index=1)])
    assert statuses == [SegmentStatus.OLD_KEY] * 2
    assert moved == {}


def test_rotation_moves_the_meter_to_the_next_key_at_its_cursor() -> None:
    opened = apply_meter_key(None, MeterKey(1, 0, bytes(32), 0))
    assert opened == Cursor(0, 0)
    rotated = apply_meter_key(Cursor(10, 0), MeterKey(1, 1, bytes(32), 10))
    assert rotated == Cursor(10, 1)
    segments = [build_segment(10), build_segment(10, key_index=1)]
    statuses, moved = compute_statuses({1: rotated}, segments)
    assert statuses == [SegmentStatus.OLD_KEY, SegmentStatus.SETTLED]
    assert moved == {1: Cursor(20, 1)}


@pytest.mark.parametrize("cursor", [Cursor(12, 0), Cursor(12, 1)])
def test_rotation_may_be_heard_of_after_what_settled_with_it(cursor: Cursor) -> None:
    assert apply_meter_key(cursor, MeterKey(1, 1, bytes(32), 10)) == Cursor(12, 1)


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(0, 30), st.integers(1, 8)), max_size=40))
def test_each_sequence_number_settles_at_most_once_and_without_gaps(
    offered: list[tuple[int, int, int]],
) -> None:
    """I2: in whatever order frames come, settled numbers are 0..cursor-1, each once."""
    segments = [build_segment(first, count, meter=meter) for meter, first, count in offered]
    cursors = {meter: Cursor() for meter in (1, 2, 3)}
    settled: dict[int, list[int]] = {}
    for start in range(0, len(segments), 5):
        batch = segments[start : start + 5]
        statuses, moved = compute_statuses(cursors, batch)
        cursors |= moved
        for segment, status in zip(batch, statuses, strict=True):
            if status is SegmentStatus.SETTLED:
                settled.setdefault(segment.meter, []).extend(
                    range(segment.first_seq, segment.end_seq)
                )
    for meter, numbers in settled.items():
        assert numbers == list(range(cursors[meter].next_seq))


def test_bitmap_marks_what_settled() -> None:
    statuses = [SegmentStatus.SETTLED, SegmentStatus.GAP, SegmentStatus.SETTLED]
    assert compute_settled_bitmap(statuses) == 0b101


def test_accumulator_equals_its_vectors() -> None:
    data_hash = bytes.fromhex(VECTORS["data_hash"][2:])
    first = compute_accumulator(bytes(32), data_hash, VECTORS["settled_bitmap"])
    assert first.hex() == VECTORS["accumulator"][2:]
    assert compute_accumulator(first, data_hash, 1).hex() == VECTORS["next_accumulator"][2:]
