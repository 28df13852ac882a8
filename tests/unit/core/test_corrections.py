"""Records judged anew: what is released, at what cost, and what a credit may give back."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.unit.core.builders import (
    ACME,
    CHAT,
    METER,
    MODEL,
    NOW_MS,
    WIDE,
    build_facts,
    build_records,
)

from tallystick.core.corrections import (
    Credit,
    Release,
    SettledRecord,
    check_credit,
    compute_credit_digest,
    compute_release_digest,
    judge_release,
)
from tallystick.core.equivocation import compute_freeze_digest, compute_proof_hash
from tallystick.core.errors import NotCreditable, NotReleasable
from tallystick.core.facts import Account, Fact, Meter, MeterFrozen
from tallystick.core.frames import decode_frame
from tallystick.core.usage import REASON_SHIFT, RECORD_DTYPE, Reason
from tallystick.core.verdicts import compute_verdicts

LATER_MS = NOW_MS + 86_400_000
NEW_PROJECT = 9


def settle(*facts: Fact, **columns: int) -> SettledRecord:
    """A record as it settled under these facts, at NOW_MS."""
    record = build_records(1, **columns)
    meters = np.array([METER], dtype=np.uint32)
    record["cost_word"] = compute_verdicts(record, meters, build_facts(*facts), NOW_MS)
    return SettledRecord(METER, 17, record, NOW_MS)


def test_record_of_a_project_registered_since_is_released_at_what_it_costs() -> None:
    settled = settle(project=NEW_PROJECT)
    assert settled.reason is Reason.PROJECT_UNKNOWN
    project = Account(NEW_PROJECT, ACME, "late", "0xac", active=True, from_ms=0)
    release = judge_release(settled, build_facts(project), LATER_MS)
    assert (release.meter, release.seq, release.project) == (METER, 17, NEW_PROJECT)
    assert (release.resource, release.record_hash) == (MODEL, settled.compute_hash())
    assert release.cost_ucr == settle().cost_ucr > 0


def test_record_is_not_released_when_it_was_valued() -> None:
    with pytest.raises(NotReleasable):
        judge_release(settle(), build_facts(), LATER_MS)


def test_record_is_not_released_while_its_facts_are_wrong() -> None:
    with pytest.raises(NotReleasable) as caught:
        judge_release(settle(project=NEW_PROJECT), build_facts(), LATER_MS)
    assert caught.value.actual == "project_unknown"


def test_record_is_not_released_when_it_costs_nothing() -> None:
    frozen = MeterFrozen(METER, frozen=True, from_ms=NOW_MS)
    thawed = MeterFrozen(METER, frozen=False, from_ms=LATER_MS)
    with pytest.raises(NotReleasable):
        judge_release(settle(frozen, in_fresh=0), build_facts(frozen, thawed), LATER_MS)


def test_frozen_meters_record_is_released_once_the_freeze_is_lifted() -> None:
    frozen = MeterFrozen(METER, frozen=True, from_ms=NOW_MS)
    thawed = MeterFrozen(METER, frozen=False, from_ms=LATER_MS)
    settled = settle(frozen)
    assert settled.reason is Reason.METER_FROZEN
    with pytest.raises(NotReleasable):
        judge_release(settled, build_facts(frozen), LATER_MS)
    release = judge_release(settled, build_facts(frozen, thawed), LATER_MS)
    assert release.cost_ucr == settle().cost_ucr


def test_record_is_held_to_the_bounds_of_its_own_time() -> None:
    narrow = replace(WIDE, max_cost_ucr=1)
    tight = Meter(METER, ACME, "gateway", "0x1e", narrow, active=True, from_ms=0)
    wide_again = Meter(METER, ACME, "gateway", "0x1e", WIDE, active=True, from_ms=LATER_MS)
    settled = settle(tight)
    assert settled.reason is Reason.COST_OVER_MAXIMUM
    with pytest.raises(NotReleasable) as caught:
        judge_release(settled, build_facts(tight, wide_again), LATER_MS)
    assert caught.value.actual == "cost_over_maximum"


def credit_of(settled: SettledRecord, **changes: object) -> Credit:
    credit = Credit(
        METER, 17, CHAT, settled.cost_ucr, settled.cost_ucr, settled.compute_hash(), bytes(32)
    )
    return replace(credit, **changes)  # type: ignore[arg-type]


def test_credit_gives_back_up_to_the_cost() -> None:
    settled = settle()
    for amount_ucr in (1, settled.cost_ucr):
        check_credit(credit_of(settled, amount_ucr=amount_ucr), settled)


@pytest.mark.parametrize(
    "change",
    [
        {"project": NEW_PROJECT},
        {"cost_ucr": 10**9, "amount_ucr": 10**9},
        {"record_hash": bytes(32)},
        {"amount_ucr": 0},
        {"amount_ucr": 10**9},
        {"seq": 16},
    ],
)
def test_credit_is_refused_when_it_is_not_of_the_record(change: dict[str, object]) -> None:
    settled = settle()
    with pytest.raises(NotCreditable):
        check_credit(credit_of(settled, **change), settled)


def test_quarantined_record_has_nothing_to_give_back() -> None:
    settled = settle(project=NEW_PROJECT)
    assert int(settled.record["cost_word"][0]) == int(Reason.PROJECT_UNKNOWN) << REASON_SHIFT
    credit = credit_of(settled, project=NEW_PROJECT, cost_ucr=0, amount_ucr=1)
    with pytest.raises(NotCreditable):
        check_credit(credit, settled)


def test_digests_are_those_of_the_vectors() -> None:
    """Vectors.t.sol holds the contracts to the same file."""
    vectors = json.loads((Path(__file__).parents[2] / "vectors" / "corrections.json").read_text())
    contract = bytes.fromhex(vectors["corrections"][2:])
    record = np.frombuffer(bytes.fromhex(vectors["record"][2:]), RECORD_DTYPE)
    record_hash = SettledRecord(3, 1_040, record, NOW_MS).compute_hash()
    release = Release(3, 1_041, 9, 1, 2**64 - 1, 2**55 - 1, record_hash)
    digest = compute_release_digest(release, vectors["chain_id"], contract)
    assert f"0x{digest.hex()}" == vectors["release_digest"]
    credit = Credit(3, 1_040, 7, 215_323, 100_000, record_hash, bytes(range(32)))
    digest = compute_credit_digest(credit, vectors["chain_id"], contract)
    assert f"0x{digest.hex()}" == vectors["credit_digest"]
    frames = [decode_frame(bytes.fromhex(text[2:])) for text in vectors["frames"]]
    assert f"0x{compute_proof_hash(*frames).hex()}" == vectors["proof_hash"]
    place = bytes.fromhex(vectors["meter_freezes"][2:])
    freeze = compute_freeze_digest(3, compute_proof_hash(*frames), vectors["chain_id"], place)
    assert f"0x{freeze.hex()}" == vectors["freeze_digest"]
