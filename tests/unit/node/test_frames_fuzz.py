"""Whatever bytes arrive, the answer is a 4xx with a code, and nothing is kept."""

import asyncio
import tempfile
from pathlib import Path
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.core.builders import build_frame, build_records
from tests.unit.node.intaking import Intaking

from tallystick.core.frames import encode_frame

GOOD: Final = encode_frame(build_frame(build_records(3))) + encode_frame(build_frame(first_seq=3))
CODES: Final = {
    "bad_signature",
    "cost_filled_in",
    "frame_malformed",
    "frame_version_inactive",
    "too_many_projects",
    "unknown_meter",
    "wrong_key",
    "wrong_network",
}


def flip(data: bytes, place: int, bit: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 1 << bit]) + data[place + 1 :]


def post_all(bodies: list[bytes]) -> None:
    async def play() -> None:
        with tempfile.TemporaryDirectory() as folder:
            async with Intaking(Path(folder)) as node:
                for body in bodies:
                    answer = await node.post(body)
                    document = answer.json()
                    assert 400 <= answer.status_code < 500, document
                    assert document["code"] in CODES
                    assert document["accepted"] <= 1
                for run in node.pool.runs():
                    assert all(encode_frame(place.frame) in GOOD for place in run)
                assert node.pool.size_bytes < len(GOOD)

    asyncio.run(play())


@settings(max_examples=30)
@given(st.lists(st.binary(max_size=600), min_size=1, max_size=20))
def test_random_bytes_are_refused(bodies: list[bytes]) -> None:
    post_all(bodies)


@settings(max_examples=30)
@given(
    st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 7)), min_size=1, max_size=20)
)
def test_flipped_bits_are_refused(flips: list[tuple[int, int]]) -> None:
    post_all([flip(GOOD, place, bit) for place, bit in flips])


@settings(max_examples=30)
@given(st.lists(st.integers(0, len(GOOD) - 1), min_size=1, max_size=20))
def test_truncated_bodies_are_refused(lengths: list[int]) -> None:
    ends = {0, len(GOOD) - len(encode_frame(build_frame()))}
    post_all([GOOD[:length] for length in lengths if length not in ends] or [b""])
