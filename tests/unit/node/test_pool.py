import asyncio
from collections.abc import Sequence

import pytest
from tests.unit.core.builders import METER, build_frame, build_records

from tallystick.core.frames import Frame
from tallystick.core.settlement import Cursor
from tallystick_node.errors import FrameOverlaps, QueueFull, SequenceConflict, SequenceGap
from tallystick_node.intake.pool import FramePool, PooledFrame, Standing

PROJECTS = frozenset({3})


class Lanes:
    """A pool and the cursors it looks at."""

    def __init__(self, *, max_bytes: int = 1_000_000, look_ahead: int = 100) -> None:
        self.cursors: dict[int, Cursor] = {}
        self.pool = FramePool(
            lambda meter: self.cursors.get(meter, Cursor()),
            max_bytes=max_bytes,
            look_ahead=look_ahead,
        )

    def add(self, first_seq: int, count: int = 10, *, meter: int = METER) -> PooledFrame:
        frame = build_frame(build_records(count), first_seq=first_seq, meter=meter)
        standing, place = self.pool.offer(frame, PROJECTS)
        assert standing is Standing.ACCEPTED
        assert place is not None
        self.pool.mark_stored(place)
        return place

    def settle(self, next_seq: int, *, meter: int = METER) -> list[int]:
        self.cursors[meter] = Cursor(next_seq)
        return self.pool.prune(meter)

    def starts(self) -> list[list[int]]:
        return [[place.frame.first_seq for place in run] for run in self.pool.runs()]


def other_records(frame: Frame) -> Frame:
    return build_frame(build_records(frame.count, in_fresh=9), first_seq=frame.first_seq)


def test_offer_is_refused_when_frame_differs_at_a_number() -> None:
    lanes = Lanes()
    kept = lanes.add(0).frame
    with pytest.raises(SequenceConflict) as caught:
        lanes.pool.offer(other_records(kept), PROJECTS)
    assert caught.value.kept is kept  # type: ignore[attr-defined]


def test_frames_signed_anew_take_the_place_of_those_under_the_key_before() -> None:
    lanes = Lanes()
    lanes.add(0)
    lanes.add(10)
    anew = build_frame(build_records(15), key_index=1)
    standing, place = lanes.pool.offer(anew, PROJECTS)
    assert standing is Standing.ACCEPTED
    assert place is not None
    lanes.pool.mark_stored(place)
    assert lanes.starts() == [[0]]
    assert lanes.pool.frame_count == 1


def test_offer_is_refused_when_a_later_key_signed_the_same_numbers() -> None:
    lanes = Lanes()
    lanes.pool.offer(build_frame(build_records(10), key_index=1), PROJECTS)
    with pytest.raises(FrameOverlaps):
        lanes.pool.offer(build_frame(build_records(10)), PROJECTS)


def test_offer_is_refused_when_overlapping_records_are_framed_otherwise() -> None:
    lanes = Lanes()
    lanes.add(0)
    with pytest.raises(FrameOverlaps):
        lanes.pool.offer(build_frame(build_records(5), first_seq=5), PROJECTS)


def test_offer_is_refused_when_frame_straddles_the_cursor() -> None:
    lanes = Lanes()
    lanes.cursors[METER] = Cursor(5)
    with pytest.raises(FrameOverlaps):
        lanes.pool.offer(build_frame(build_records(10)), PROJECTS)


def test_offer_is_refused_when_frame_starts_beyond_look_ahead() -> None:
    lanes = Lanes(look_ahead=100)
    lanes.add(0)
    lanes.add(110)
    with pytest.raises(SequenceGap):
        lanes.pool.offer(build_frame(first_seq=111), PROJECTS)


def test_offer_is_refused_when_one_meter_fills_its_share() -> None:
    lanes = Lanes(max_bytes=4 * 1_000)
    lanes.add(0)
    with pytest.raises(QueueFull):
        lanes.pool.offer(build_frame(build_records(10), first_seq=10), PROJECTS)


def test_offer_knows_a_frame_sent_twice() -> None:
    lanes = Lanes()
    place = lanes.add(0)
    assert lanes.pool.offer(place.frame, PROJECTS) == (Standing.KNOWN, place)
    lanes.settle(10)
    assert lanes.pool.offer(place.frame, PROJECTS) == (Standing.SETTLED, None)
    assert lanes.pool.size_bytes == 0


def test_runs_leave_out_frames_behind_a_gap() -> None:
    lanes = Lanes()
    lanes.add(0)
    lanes.add(20)
    assert lanes.starts() == [[0]]
    lanes.add(10)
    assert lanes.starts() == [[0, 10, 20]]


def test_runs_leave_out_frames_not_stored() -> None:
    lanes = Lanes()
    standing, place = lanes.pool.offer(build_frame(), PROJECTS)
    assert (standing, lanes.starts()) == (Standing.ACCEPTED, [])
    assert place is not None
    lanes.pool.mark_stored(place)
    assert lanes.starts() == [[0]]


def test_claimed_frames_are_handed_out_again_only_when_released() -> None:
    lanes = Lanes()
    claimed = [lanes.add(0), lanes.add(10)]
    lanes.pool.claim(claimed, 1)
    assert lanes.starts() == []
    lanes.add(20)
    assert lanes.starts() == [[20]]
    lanes.pool.release(1)
    assert lanes.starts() == [[0, 10, 20]]


def test_run_ends_at_frames_that_a_later_batch_holds() -> None:
    lanes = Lanes()
    places = [lanes.add(start) for start in (0, 10, 20)]
    lanes.pool.claim(places[:1], 1)
    lanes.pool.claim(places[1:2], 2)
    lanes.pool.release(1)
    assert lanes.starts() == [[0]]


def test_meters_take_turns_when_claimed() -> None:
    lanes = Lanes()
    first, _ = lanes.add(0), lanes.add(10)
    lanes.add(0, meter=2)
    lanes.pool.claim([first], 1)
    meters = [run[0].frame.meter for run in lanes.pool.runs()]
    assert meters == [2, METER]


def test_prune_drops_what_the_cursor_passed_and_names_it() -> None:
    lanes = Lanes()
    for start in (0, 10, 20):
        lanes.add(start)
    assert lanes.settle(20) == [0, 10]
    assert lanes.starts() == [[20]]
    assert lanes.pool.frame_count == 1


def test_drop_leaves_nothing_behind() -> None:
    lanes = Lanes()
    _, place = lanes.pool.offer(build_frame(), PROJECTS)
    assert place is not None
    lanes.pool.drop(place)
    assert (lanes.pool.size_bytes, lanes.pool.frame_count) == (0, 0)
    assert lanes.add(0).frame.first_seq == 0


def test_wait_available_returns_only_while_frames_wait() -> None:
    async def scenario() -> Sequence[bool]:
        lanes = Lanes()
        found = []
        for action in (lambda: None, lambda: lanes.add(0)):
            action()
            lanes.starts()
            try:
                await asyncio.wait_for(lanes.pool.wait_available(), 0.01)
                found.append(True)
            except TimeoutError:
                found.append(False)
        return found

    assert asyncio.run(scenario()) == [False, True]
