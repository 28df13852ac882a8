import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tallystick.core.batches import Segment
from tallystick.core.settlement import (
    Cursor,
    SegmentStatus,
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


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(0, 30), st.integers(1, 8)), max_size=40))
def test_each_sequence_number_settles_at_most_once_and_without_gaps(
    offered: list[tuple[int, int, int]],
) -> None:
    """I2: in whatever order frames come, settled numbers are 0..cursor-1, each once."""
    segments = [build_segment(first, count, meter=meter) for meter, first, count in offered]
    cursors: dict[int, Cursor] = {}
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
