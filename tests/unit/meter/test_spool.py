"""The spool keeps frames as they were signed and knows what they cover."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from nacl.signing import SigningKey
from tests.unit.meter.samples import create_samples

from tallystick.core.frames import Frame, decode_frame, encode_frame, sign_frame
from tallystick.meter.errors import SpoolFull
from tallystick.meter.spool import Spool

KEY = SigningKey(bytes(32))


def sign(first_seq: int, end_seq: int, *, key_index: int = 0) -> Frame:
    return sign_frame(
        KEY,
        network_id=bytes(32),
        meter=1,
        key_index=key_index,
        first_seq=first_seq,
        records=create_samples(end_seq - first_seq, first_user=1 + first_seq),
    )


def list_ranges(spool: Spool, seq: int, *, key_index: int = 0) -> list[tuple[int, int]]:
    frames = spool.frames_from(seq, key_index=key_index)
    return [(frame.first_seq, frame.end_seq) for frame in frames]


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    opened = Spool(tmp_path / "spool", segment_bytes=4096)
    yield opened
    opened.close()


def test_put_keeps_bytes_exactly_when_reopened(tmp_path: Path) -> None:
    frames = [sign(0, 10), sign(10, 12), sign(12, 40)]
    spool = Spool(tmp_path)
    spool.put(frames[:2])
    spool.put(frames[2:])
    spool.close()
    reopened = Spool(tmp_path)
    kept = [reopened.read(frame) for frame in reopened.frames_from(0, key_index=0)]
    assert kept == [encode_frame(frame) for frame in frames]
    assert decode_frame(kept[1]).first_seq == 10
    assert reopened.end_seq == 40
    reopened.close()


def test_frames_from_starts_only_at_a_frame_and_stops_at_a_gap(spool: Spool) -> None:
    spool.put([sign(0, 10), sign(10, 20)])
    spool.put([sign(30, 40)])
    assert list_ranges(spool, 0) == [(0, 10), (10, 20)]
    assert list_ranges(spool, 5) == []
    assert list_ranges(spool, 30) == [(30, 40)]


def test_find_gaps_names_what_no_frame_covers(spool: Spool) -> None:
    spool.put([sign(0, 10), sign(10, 20)])
    spool.put([sign(30, 40)])
    assert spool.find_gaps(0, 50, key_index=0) == [(20, 30), (40, 50)]
    assert spool.find_gaps(5, 35, key_index=0) == [(5, 10), (20, 30)]
    assert spool.find_gaps(0, 50, key_index=1) == [(0, 50)]
    assert spool.find_gaps(40, 40, key_index=0) == []


def test_put_replaces_the_frames_it_overlaps_also_when_reopened(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.put([sign(0, 10), sign(10, 20), sign(20, 30)])
    spool.put([sign(15, 20)])
    for opened in (spool, None):
        now = opened or Spool(tmp_path)
        assert list_ranges(now, 15) == [(15, 20), (20, 30)]
        assert now.find_gaps(0, 30, key_index=0) == [(10, 15)]
        now.close()


def test_settle_deletes_old_settled_files_and_no_others(spool: Spool) -> None:
    for first_seq in range(0, 400, 20):
        spool.put([sign(first_seq, first_seq + 20)])
    size = spool.size_bytes
    spool.settle_up_to(400, delete_before_s=0)
    assert spool.size_bytes == size
    spool.settle_up_to(200, delete_before_s=float("inf"))
    assert spool.size_bytes < size
    assert list_ranges(spool, 200)[0] == (200, 220)
    assert list_ranges(spool, 0) == []


def test_put_is_refused_when_only_unsettled_frames_are_left_to_delete(tmp_path: Path) -> None:
    spool = Spool(tmp_path, max_bytes=10_000, segment_bytes=2048)
    for first_seq in range(0, 1000, 20):
        spool.settle_up_to(first_seq, delete_before_s=0)
        spool.put([sign(first_seq, first_seq + 20)])
    with pytest.raises(SpoolFull):
        spool.put([sign(1000, 1200)])
    assert list_ranges(spool, 980) == [(980, 1000)]
    spool.close()


def test_frames_under_another_key_end_the_run(spool: Spool) -> None:
    spool.put([sign(0, 10), sign(10, 20, key_index=1)])
    assert list_ranges(spool, 0) == [(0, 10)]
    assert list_ranges(spool, 10, key_index=1) == [(10, 20)]


def test_frames_of_a_retired_key_make_room_for_those_that_replace_them(tmp_path: Path) -> None:
    spool = Spool(tmp_path, max_bytes=10_000, segment_bytes=2048)
    for first_seq in range(0, 120, 20):
        spool.put([sign(first_seq, first_seq + 20)])
    anew = [sign(0, 60, key_index=1)]
    with pytest.raises(SpoolFull):
        spool.put(anew)
    spool.retire_keys(1)
    spool.put(anew)
    assert list_ranges(spool, 0, key_index=1) == [(0, 60)]
    assert spool.find_gaps(0, 120, key_index=1) == [(60, 120)]
    spool.close()
