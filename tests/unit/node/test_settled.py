"""What settled lately is remembered within bounds."""

from tests.unit.core.builders import METER, build_frame, build_records

from tallystick.core.frames import Frame
from tallystick_node.intake.settled import MAX_LANE, SettledFrames

RECORD = 64


def frame_at(first_seq: int, count: int = 1, *, step: int = 1, meter: int = METER) -> Frame:
    return build_frame(build_records(count, step=step), first_seq=first_seq, meter=meter)


def test_conflict_is_found_wherever_numbers_are_shared() -> None:
    settled = SettledFrames()
    frames = [frame_at(0, 3), frame_at(3, 3), frame_at(6, 3)]
    for frame in frames:
        settled.add(frame)
    assert settled.find_conflicting(frame_at(2, 5, step=1)) is None
    assert settled.find_conflicting(frame_at(2, 1, step=2)) is frames[0]
    assert settled.find_conflicting(frame_at(8, 4, step=2)) is frames[2]
    assert settled.find_conflicting(frame_at(9, 4, step=2)) is None
    assert settled.find_conflicting(frame_at(0, 3, step=2, meter=METER + 1)) is None


def test_conflict_under_another_key_is_none() -> None:
    settled = SettledFrames()
    settled.add(frame_at(0))
    later = build_frame(build_records(1, step=2), key_index=1)
    assert settled.find_conflicting(later) is None


def test_oldest_frames_are_forgotten_beyond_the_bound() -> None:
    settled = SettledFrames(max_bytes=3 * RECORD)
    for first_seq in range(3):
        settled.add(frame_at(first_seq))
    settled.add(frame_at(0, meter=METER + 1))
    assert settled.find_conflicting(frame_at(0, step=2)) is None
    assert settled.find_conflicting(frame_at(1, step=2)) is not None
    assert settled.find_conflicting(frame_at(0, step=2, meter=METER + 1)) is not None


def test_oldest_frames_are_forgotten_when_there_are_too_many() -> None:
    settled = SettledFrames(max_frames=2)
    for first_seq in range(3):
        settled.add(frame_at(first_seq))
    assert settled.find_conflicting(frame_at(0, step=2)) is None
    assert settled.find_conflicting(frame_at(1, step=2)) is not None


def test_frames_of_one_meter_are_bounded() -> None:
    settled = SettledFrames()
    records = build_records()
    for first_seq in range(MAX_LANE + 1):
        settled.add(build_frame(records, first_seq=first_seq))
    assert settled.find_conflicting(frame_at(0, step=2)) is None
    assert settled.find_conflicting(frame_at(1, step=2)) is not None


def test_frames_that_the_chain_took_back_are_replaced() -> None:
    settled = SettledFrames(max_bytes=4 * RECORD)
    settled.add(frame_at(0, 2))
    settled.add(frame_at(2, 2))
    settled.add(frame_at(0, 3, step=2))
    assert settled.find_conflicting(frame_at(0, 2, step=2)) is None
    assert settled.find_conflicting(frame_at(3, step=2)) is None
    settled.add(frame_at(3, 2, step=2))
    assert settled.find_conflicting(frame_at(3, step=1)) is not None
