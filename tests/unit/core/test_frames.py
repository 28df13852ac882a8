import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey
from tests.unit.core.builders import METER_KEY, NETWORK_ID, build_frame, build_records

from tallystick.core.errors import BadSignature, CostFilledIn, FrameMalformed, TooManyProjects
from tallystick.core.frames import (
    MAX_FRAME_BYTES,
    MAX_FRAME_RECORDS,
    MAX_SEQUENCE,
    MIN_FRAME_BYTES,
    compute_frame_digest,
    decode_frame,
    decode_frames,
    encode_frame,
    verify_frame,
)

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "settlement.json").read_text())
PUBLIC_KEY = bytes(METER_KEY.verify_key)


@pytest.mark.parametrize("count", [0, MAX_FRAME_RECORDS + 1])
def test_sign_frame_refuses_counts_out_of_range(count: int) -> None:
    with pytest.raises(FrameMalformed):
        build_frame(build_records(count))


def test_sign_frame_refuses_sequence_numbers_out_of_range() -> None:
    build_frame(first_seq=MAX_SEQUENCE - 2)
    with pytest.raises(FrameMalformed):
        build_frame(first_seq=MAX_SEQUENCE - 1)


def test_sign_frame_refuses_a_65th_project() -> None:
    records = build_records(65)
    records["project"] = [*range(64), 0]
    build_frame(records)
    records["project"] = range(65)
    with pytest.raises(TooManyProjects):
        build_frame(records)


def test_sign_frame_refuses_a_cost() -> None:
    with pytest.raises(CostFilledIn):
        build_frame(build_records(cost_word=1))


def test_sign_frame_copies_its_records() -> None:
    records = build_records()
    frame = build_frame(records)
    records["project"] = 99
    verify_frame(frame, PUBLIC_KEY)


def test_verify_frame_refuses_another_key() -> None:
    with pytest.raises(BadSignature):
        verify_frame(build_frame(), bytes(SigningKey.generate().verify_key))


@given(st.data())
def test_verify_frame_refuses_any_flipped_bit(data: st.DataObject) -> None:
    encoded = bytearray(encode_frame(build_frame(build_records(2))))
    bit = data.draw(st.integers(0, len(encoded) * 8 - 1))
    encoded[bit // 8] ^= 1 << bit % 8
    try:
        frame = decode_frame(bytes(encoded))
    except FrameMalformed:
        return  # the flip hit the count
    with pytest.raises(BadSignature):
        verify_frame(frame, PUBLIC_KEY)


@given(st.integers(1, 40), st.integers(0, MAX_SEQUENCE - 41))
def test_decode_frame_reads_back_what_was_encoded(count: int, first_seq: int) -> None:
    frame = build_frame(build_records(count), first_seq=first_seq)
    read = decode_frame(encode_frame(frame))
    assert encode_frame(read) == encode_frame(frame)
    assert (read.meter, read.first_seq, read.end_seq) == (1, first_seq, first_seq + count)
    verify_frame(read, PUBLIC_KEY)


def test_decode_frame_refuses_every_truncation_and_any_tail() -> None:
    encoded = encode_frame(build_frame(build_records(2)))
    for length in range(len(encoded)):
        with pytest.raises(FrameMalformed):
            decode_frame(encoded[:length])
    with pytest.raises(FrameMalformed):
        decode_frame(encoded + b"\0")


@given(st.binary(max_size=3 * MIN_FRAME_BYTES))
def test_decode_frames_refuses_random_bytes(data: bytes) -> None:
    try:
        frames = list(decode_frames(data, max_frames=3))
    except FrameMalformed:
        return
    assert b"".join(map(encode_frame, frames)) == data


def test_decode_frames_refuses_more_than_allowed() -> None:
    body = encode_frame(build_frame()) * 3
    assert len(list(decode_frames(body, max_frames=3))) == 3
    with pytest.raises(FrameMalformed):
        list(decode_frames(body, max_frames=2))


def test_largest_frame_has_the_documented_size() -> None:
    frame = build_frame(build_records(MAX_FRAME_RECORDS))
    assert len(encode_frame(frame)) == MAX_FRAME_BYTES == 113 + 900 * 64


def test_frames_equal_their_vectors() -> None:
    for encoded, digest in zip(VECTORS["frames"], VECTORS["frame_digests"], strict=True):
        frame = decode_frame(bytes.fromhex(encoded[2:]))
        assert frame.network_id == NETWORK_ID
        assert compute_frame_digest(frame).hex() == digest[2:]
        verify_frame(frame, bytes.fromhex(VECTORS["meter_keys"][frame.meter - 1][2:]))
