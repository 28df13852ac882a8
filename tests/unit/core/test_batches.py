import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.core.builders import METER_KEY, NETWORK_ID, NOW_MS, build_frame, build_records

from tallystick.core.batches import (
    MAX_BATCH_RECORDS,
    MAX_TRANSACTION_BYTES,
    Batch,
    BatchHeader,
    check_batch_limits,
    compute_data_hash,
    compute_settle_bytes,
    count_lines,
    decode_batch,
    encode_batch,
    join_frames,
)
from tallystick.core.errors import BatchMalformed, TooManyProjects
from tallystick.core.frames import Frame, encode_frame, verify_frame
from tallystick.core.usage import Records

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "settlement.json").read_text())
DATA = bytes.fromhex(VECTORS["data"][2:])
HEADER = BatchHeader(1, 2, 3, bytes([9]) * 32, NOW_MS, NOW_MS + 300_000)


def build_batch(*counts: int, projects: int = 1) -> Batch:
    frames, first_seq = list[Frame](), 0
    for count in counts:
        records = build_records(count)
        records["project"] = [(first_seq + place) % projects for place in range(count)]
        frames.append(build_frame(records, first_seq=first_seq))
        first_seq += count
    return join_frames(HEADER, frames)


def crowded_records(projects: int) -> Records:
    records = build_records(projects)
    records["project"] = range(projects)
    return records


def test_decode_batch_refuses_every_truncation_and_any_tail() -> None:
    for length in range(0, len(DATA), 16):
        with pytest.raises(BatchMalformed):
            decode_batch(DATA[:length])
    with pytest.raises(BatchMalformed):
        decode_batch(DATA + bytes(32))


@given(st.integers(0, len(DATA) - 1), st.integers(1, 255))
def test_decode_batch_reads_one_thing_from_one_encoding(offset: int, change: int) -> None:
    """A changed byte is refused, or survives into what was read: no two encodings mean the same."""
    changed = bytearray(DATA)
    changed[offset] ^= change
    try:
        batch = decode_batch(bytes(changed))
    except BatchMalformed:
        return
    assert encode_batch(batch) == changed


@given(st.binary(max_size=400))
def test_decode_batch_refuses_random_bytes(data: bytes) -> None:
    with pytest.raises(BatchMalformed):
        decode_batch(data)


def test_batch_gives_back_the_frames_its_meters_signed() -> None:
    batch = decode_batch(DATA)
    for segment, frame, key in zip(batch.segments, VECTORS["frames"], (0, 1, 0), strict=True):
        signed = batch.frame(segment, NETWORK_ID)
        assert encode_frame(signed).hex() == frame[2:]
        verify_frame(signed, bytes.fromhex(VECTORS["meter_keys"][key][2:]))
    assert batch.meters().tolist() == [1, 1, 1, 2, 2, 1]


def test_batch_equals_its_vector() -> None:
    assert encode_batch(decode_batch(DATA)) == DATA
    assert compute_data_hash(DATA).hex() == VECTORS["data_hash"][2:]


def test_joined_batch_keeps_frames_and_header() -> None:
    batch = decode_batch(encode_batch(build_batch(2, 3)))
    assert batch.header == HEADER
    assert [(part.first_seq, part.count, part.start) for part in batch.segments] == [
        (0, 2, 0),
        (2, 3, 2),
    ]
    verify_frame(batch.frame(batch.segments[1], NETWORK_ID), bytes(METER_KEY.verify_key))


def test_limits_refuse_too_much_of_anything() -> None:
    check_batch_limits(build_batch(900, 900), signers=3)
    for too_much in (build_batch(900, 900, 1), build_batch(*[1] * 41)):
        with pytest.raises(BatchMalformed):
            check_batch_limits(too_much, signers=3)
    check_batch_limits(build_batch(*[60] * 2, projects=60), signers=3)
    with pytest.raises(TooManyProjects):
        check_batch_limits(build_batch(*[60] * 3, projects=121), signers=3)
    overlong = replace(HEADER, valid_until_ms=NOW_MS + 600_001)
    with pytest.raises(BatchMalformed):
        check_batch_limits(replace(build_batch(1), header=overlong), signers=3)


def test_limits_refuse_too_many_lines() -> None:
    frames = [
        build_frame(crowded_records(60), first_seq=60 * (place // 4), meter=place % 4)
        for place in range(5)
    ]
    at_limit = join_frames(HEADER, frames[:4])
    assert count_lines(at_limit) == 240
    check_batch_limits(at_limit, signers=3)
    # A meter's next segment adds lines only where another meter's stands in between.
    check_batch_limits(join_frames(HEADER, [frames[0], frames[4], *frames[1:4]]), signers=3)
    with pytest.raises(BatchMalformed):
        check_batch_limits(join_frames(HEADER, frames), signers=3)


def test_full_batch_fits_a_transaction_with_few_signers_only() -> None:
    assert compute_settle_bytes(MAX_BATCH_RECORDS, 40, 3) <= MAX_TRANSACTION_BYTES
    with pytest.raises(BatchMalformed):
        check_batch_limits(build_batch(*[45] * 40), signers=22)
