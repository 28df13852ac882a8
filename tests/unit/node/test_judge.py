from dataclasses import replace

import pytest
from tests.unit.core.builders import (
    METER,
    NETWORK_ID,
    NOW_MS,
    RULES,
    build_facts,
    build_frame,
    build_records,
)
from tests.unit.node.builders import BLOCK_HASH, CHAIN_ID, LEDGER, build_ground, build_validator_set

from tallystick.core.attestation import LedgerConfig
from tallystick.core.batches import Batch, decode_batch
from tallystick.core.errors import BadSignature, BatchMalformed, UnknownMeter, WrongKey
from tallystick_node.attest.judge import Grounds, Reference, judge_batch
from tallystick_node.errors import BatchUntimely, ReferenceUnknown, VerdictDiffers, VersionsDiffer
from tallystick_node.settle.propose import propose_batch

GROUNDS = Grounds(
    build_facts(build_validator_set()),
    Reference(BLOCK_HASH, NOW_MS // 1000, NOW_MS // 1000),
    NETWORK_ID,
    CHAIN_ID,
    LEDGER,
    NOW_MS,
)


def propose() -> Batch:
    frames = [build_frame(build_records(3)), build_frame(build_records(2), first_seq=3)]
    return decode_batch(propose_batch(frames, build_ground()).data)


def with_header(**changes: int | bytes) -> Batch:
    batch = propose()
    return replace(batch, header=replace(batch.header, **changes))  # type: ignore[arg-type]


def with_segment(**changes: int | bytes) -> Batch:
    batch = propose()
    first = replace(batch.segments[0], **changes)  # type: ignore[arg-type]
    return replace(batch, segments=(first, *batch.segments[1:]))


def test_judge_binds_an_honest_batch_to_the_versions_in_force() -> None:
    assert judge_batch(propose(), GROUNDS) == LedgerConfig(CHAIN_ID, LEDGER, 1, 1)


@pytest.mark.parametrize("skew_ms", [-60_001, 60_001])
def test_judge_refuses_a_batch_of_another_time(skew_ms: int) -> None:
    with pytest.raises(BatchUntimely):
        judge_batch(propose(), replace(GROUNDS, now_ms=NOW_MS + skew_ms))


def test_judge_refuses_a_reference_block_with_another_hash() -> None:
    with pytest.raises(ReferenceUnknown):
        judge_batch(with_header(reference_hash=bytes(32)), GROUNDS)


def test_judge_refuses_a_reference_block_far_behind_the_head() -> None:
    reference = replace(GROUNDS.reference, head_time_s=GROUNDS.reference.time_s + 121)
    with pytest.raises(ReferenceUnknown):
        judge_batch(propose(), replace(GROUNDS, reference=reference))


@pytest.mark.parametrize("field", ["set_version", "rules_version"])
def test_judge_refuses_versions_not_in_force(field: str) -> None:
    with pytest.raises(VersionsDiffer):
        judge_batch(with_header(**{field: 2}), GROUNDS)


def test_judge_refuses_a_batch_that_is_valid_for_too_long() -> None:
    with pytest.raises(BatchMalformed):
        judge_batch(with_header(valid_until_ms=NOW_MS + 600_001), GROUNDS)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"meter": 9}, UnknownMeter),
        ({"key_index": 1}, WrongKey),
        ({"first_seq": 1}, BadSignature),
        ({"signature": bytes(64)}, BadSignature),
    ],
)
def test_judge_refuses_a_segment_that_its_meter_did_not_sign(
    changes: dict[str, int | bytes], error: type[Exception]
) -> None:
    with pytest.raises(error):
        judge_batch(with_segment(**changes), GROUNDS)


@pytest.mark.parametrize("column", ["in_fresh", "user", "project", "step", "time_lo"])
def test_judge_refuses_a_record_changed_after_signing(column: str) -> None:
    batch = propose()
    batch.records[column][4] ^= 1
    with pytest.raises(BadSignature):
        judge_batch(batch, GROUNDS)


@pytest.mark.parametrize("change", [1, -1, 1 << 56])
def test_judge_refuses_a_cost_word_that_is_off(change: int) -> None:
    batch = propose()
    batch.records["cost_word"][2] = int(batch.records["cost_word"][2]) + change
    with pytest.raises(VerdictDiffers):
        judge_batch(batch, GROUNDS)


def test_judge_goes_by_the_facts_it_is_given() -> None:
    narrow = replace(RULES, defined_flags=0)
    facts = build_facts(build_validator_set(), narrow)
    records = build_records(1, flags=1)
    batch = decode_batch(propose_batch([build_frame(records)], build_ground()).data)
    assert batch.segments[0].meter == METER
    with pytest.raises(VerdictDiffers):
        judge_batch(batch, replace(GROUNDS, facts=facts))
