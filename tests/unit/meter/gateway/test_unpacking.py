import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.meter.gateway.unpacking import create_unpacker

ANSWER = b'data: {"usage": null}\n\n' * 200


@pytest.mark.parametrize("encoding", [None, "", "identity", " Identity "])
def test_unpacker_is_none_when_nothing_is_packed(encoding: str | None) -> None:
    assert create_unpacker(encoding, 1000) is None


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, br"])
def test_unpacker_gives_nothing_when_encoding_is_unknown(encoding: str) -> None:
    unpacker = create_unpacker(encoding, 1000)
    assert unpacker is not None
    assert not unpacker.can_unpack
    assert unpacker.feed(ANSWER) == b""


@given(cuts=st.lists(st.integers(1, 40), max_size=30))
def test_unpacker_gives_the_answer_when_cut_anywhere(cuts: list[int]) -> None:
    packed, unpacker = gzip.compress(ANSWER), create_unpacker("gzip", len(ANSWER))
    assert unpacker is not None
    out = b""
    for cut in (*cuts, len(packed)):
        out += unpacker.feed(packed[:cut])
        packed = packed[cut:]
    assert out == ANSWER


def test_unpacker_stops_when_the_bound_is_passed() -> None:
    unpacker = create_unpacker("gzip", 1000)
    assert unpacker is not None
    assert len(unpacker.feed(gzip.compress(bytes(64 << 20)))) <= 1000
    assert not unpacker.can_unpack


def test_unpacker_stops_when_bytes_are_broken() -> None:
    unpacker = create_unpacker("gzip", 1000)
    assert unpacker is not None
    assert unpacker.feed(b"no gzip at all") == b""
    assert not unpacker.can_unpack
