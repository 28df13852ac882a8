"""Two frames under one key that differ: what is a proof, what is none."""

from dataclasses import replace

import pytest
from nacl.signing import SigningKey
from tests.unit.core.builders import (
    METER,
    METER_KEY,
    NETWORK_ID,
    build_facts,
    build_frame,
    build_records,
)

from tallystick.core.equivocation import check_equivocation, compute_proof_hash, is_conflicting
from tallystick.core.errors import BadSignature, NotEquivocal, WrongNetwork
from tallystick.core.facts import MeterKey
from tallystick.core.frames import Frame

ONE = build_frame(build_records(4))
OTHER = build_frame(build_records(4, in_fresh=9))


def check(one: Frame, other: Frame) -> None:
    check_equivocation(one, other, build_facts(), NETWORK_ID)


def test_two_signed_histories_are_a_proof_whichever_comes_first() -> None:
    check(ONE, OTHER)
    check(OTHER, ONE)
    assert compute_proof_hash(ONE, OTHER) == compute_proof_hash(OTHER, ONE)


def test_frames_that_overlap_in_part_are_a_proof_where_they_differ() -> None:
    later = build_frame(build_records(4, in_fresh=9), first_seq=3)
    check(ONE, later)
    assert not is_conflicting(ONE, build_frame(build_records(4, in_fresh=9), first_seq=4))


def test_proof_is_refused_when_a_frame_is_for_another_network() -> None:
    with pytest.raises(WrongNetwork):
        check(ONE, replace(OTHER, network_id=bytes(32)))


@pytest.mark.parametrize(
    "other",
    [
        ONE,
        build_frame(build_records(2)),
        build_frame(build_records(4, in_fresh=9), first_seq=4),
        build_frame(build_records(4, in_fresh=9), meter=2),
        build_frame(build_records(4, in_fresh=9), key_index=1),
    ],
)
def test_frames_that_agree_or_are_of_two_keys_prove_nothing(other: Frame) -> None:
    with pytest.raises(NotEquivocal):
        check(ONE, other)


def test_proof_is_refused_when_a_signature_is_forged() -> None:
    forged = build_frame(build_records(4, in_fresh=9), key=SigningKey(bytes([8]) * 32))
    with pytest.raises(BadSignature):
        check(ONE, forged)
    with pytest.raises(BadSignature):
        check(forged, ONE)


def test_proof_is_void_once_the_key_was_replaced() -> None:
    facts = build_facts(MeterKey(METER, 1, bytes(METER_KEY.verify_key), 2))
    with pytest.raises(NotEquivocal):
        check_equivocation(ONE, OTHER, facts, NETWORK_ID)
