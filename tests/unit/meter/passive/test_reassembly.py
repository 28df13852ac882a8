"""Bytes come out in the order in which they were sent, whatever the network and the capture did."""

import random

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.meter.passive.wire import join

from tallystick.meter.passive.reassembly import MAX_WAITING_BYTES, Direction, Hole

WRAP = 2**32


def test_hole_is_given_up_when_too_much_waits_behind_it() -> None:
    direction = Direction()
    direction.start(99)
    direction.feed(100, b"a")
    found: list[bytes | Hole] = []
    part, seq = b"x" * (1 << 16), 111
    while not found:
        found = direction.feed(seq, part)
        seq += len(part)
    assert found[0] == Hole(10)
    assert len(join(found)) > MAX_WAITING_BYTES
    assert direction.size == 0


def test_flush_gives_what_waits_behind_holes() -> None:
    direction = Direction()
    direction.start(0)
    assert direction.feed(5, b"later") == []
    assert direction.flush() == [Hole(4), b"later"]
    assert direction.flush() == []


def test_longer_repeat_of_a_waiting_segment_is_kept() -> None:
    direction = Direction()
    direction.start(0)
    direction.feed(3, b"cd")
    direction.feed(3, b"cdef")
    assert join(direction.feed(1, b"ab")) == b"abcdef"
    assert direction.size == 0


def test_direction_takes_a_connection_from_its_middle() -> None:
    assert Direction().feed(12345, b"middle") == [b"middle"]


@given(
    st.binary(min_size=1, max_size=400),
    st.integers(0, WRAP - 1) | st.integers(WRAP - 9, WRAP - 1),
    st.integers(1, 40),
    st.randoms(use_true_random=False),
)
def test_direction_restores_any_order_repeats_and_overlaps(
    data: bytes, first_seq: int, size: int, chance: random.Random
) -> None:
    pieces = [(start, data[start : start + size]) for start in range(0, len(data), size)]
    repeated = [
        (max(start - 3, 0), data[max(start - 3, 0) : start + size])
        for start, _ in chance.sample(pieces, len(pieces) // 2)
    ]
    sent = [*pieces, *repeated]
    chance.shuffle(sent)
    direction = Direction()
    direction.start((first_seq - 1) % WRAP)
    found = [
        part for start, piece in sent for part in direction.feed((first_seq + start) % WRAP, piece)
    ]
    assert not any(isinstance(part, Hole) for part in found)
    assert join(found) == data
    assert direction.size == 0
