"""Leases, corrections and suspended keys over settlements: what is drawn, charged and counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import pytest
from tests.unit.core.builders import BASE_FACTS, CHAT, METER, SUPPORT
from tests.unit.verify.cases import HASHES, IDENTITY, MEMBERS, SET, build_case
from tests.unit.verify.economy_cases import HASH, WHO, event

from tallystick.chain.blocks import Block, Settlement
from tallystick.chain.decode import Event
from tallystick.core.corrections import SettledRecord
from tallystick.core.facts import Facts
from tallystick.core.settlement import Cursor, compute_accumulator
from tallystick.core.usage import Reason, Records
from tallystick.verify.replay import Position, Replay, decode_settlements
from tallystick.verify.verdict import Check, Disagreement

BEFORE = bytes([3]) * 32
COST_UCR = build_case().settlement.cost_ucr


def build_settlement(case_facts: Facts | None = None) -> Settlement:
    honest = build_case(facts=case_facts).settlement
    accumulator = compute_accumulator(BEFORE, honest.data_hash, honest.settled_bitmap)
    return replace(honest, accumulator=accumulator)


def build_replay() -> Replay:
    replay = Replay(IDENTITY, Position(batches=5, accumulator=BEFORE, cursors={METER: Cursor()}))
    replay.book.announce(1, [*BASE_FACTS, SET])
    return replay


def settled(settlement: Settlement) -> Event:
    args = {"number": settlement.number, "accumulator": settlement.accumulator}
    return Event("BatchSettled", "UsageLedger", args, 12, "0x", 0, 0)


def apply(
    replay: Replay,
    *events: Event,
    settlements: tuple[Settlement, ...] = (),
    records: dict[tuple[int, int], SettledRecord] | None = None,
    number: int = 12,
) -> list[Disagreement]:
    time_s = build_case().settlement.block_time_s
    block = Block(number, "0x", "", time_s, 0, 0, (), events, (), settlements, ())
    return list(replay.apply(block, decode_settlements([block]), HASHES, records))


def lease(amount: int, left: int, nonce: int = 1, meter: int = METER) -> Event:
    return event("Leases", "LeaseOpened", CHAT, meter, nonce, amount, left, 2**40)


def charge(from_lease: int, cost: int = COST_UCR) -> Event:
    return event("Budgets", "ProjectCharged", CHAT, cost, 0, cost, from_lease)


@pytest.mark.parametrize("amount", [COST_UCR + 70, COST_UCR - 1, COST_UCR])
def test_settled_use_draws_its_lease_down_and_never_below_nothing(amount: int) -> None:
    replay, settlement = build_replay(), build_settlement()
    covered = min(amount, COST_UCR)
    events = lease(amount, amount), charge(covered), settled(settlement)
    assert apply(replay, *events, settlements=(settlement,)) == []
    facts = replay.book.at(12)
    leased = replay.position.economy.leases.compute_leased(facts)
    assert leased[CHAT] == leased[SUPPORT] == amount - covered
    released = event("Leases", "LeaseReleased", CHAT, METER, 1, amount - covered)
    assert apply(replay, released, number=13) == []
    assert replay.position.economy.leases.compute_leased(facts) == Counter()


def test_use_of_another_meter_draws_nothing() -> None:
    replay, settlement = build_replay(), build_settlement()
    events = lease(500, 500, meter=METER + 1), charge(0), settled(settlement)
    assert apply(replay, *events, settlements=(settlement,)) == []


def test_charge_found_when_it_covers_other_than_what_settled() -> None:
    replay, settlement = build_replay(), build_settlement()
    events = lease(COST_UCR, COST_UCR), charge(COST_UCR - 1), settled(settlement)
    (found,) = apply(replay, *events, settlements=(settlement,))
    assert (found.check, found.actual) == (Check.LEASES, 1)


@pytest.mark.parametrize(
    "events",
    [
        [lease(100, 101)],
        [lease(100, 100), lease(100, 100, nonce=2)],
        [lease(100, 100, nonce=2)],
        [lease(100, 100), event("Leases", "LeaseReleased", CHAT, METER, 1, 99)],
        [event("Leases", "LeaseReleased", CHAT, METER, 1, 1)],
    ],
)
def test_lease_found_when_its_figures_do_not_follow(events: list[Event]) -> None:
    found = apply(build_replay(), *events)
    assert [each.check for each in found] == [Check.LEASES]


def test_lease_is_extended_and_opened_again_under_the_next_nonce() -> None:
    events = [
        lease(100, 100),
        lease(50, 150, nonce=2),
        event("Leases", "LeaseReleased", CHAT, METER, 2, 150),
        lease(10, 10, nonce=3),
    ]
    assert apply(build_replay(), *events) == []


def test_attestation_found_when_its_key_was_suspended() -> None:
    settlement = build_settlement()
    time_s = settlement.block_time_s
    suspended = event("ValidatorSet", "KeySuspended", MEMBERS[1].attester, time_s + 1)
    found = apply(build_replay(), suspended, settled(settlement), settlements=(settlement,))
    assert [(each.check, each.actual) for each in found] == [
        (Check.SUSPENDED_KEYS, MEMBERS[1].attester)
    ]


@pytest.mark.parametrize(("member", "lasts_s"), [(3, 100), (1, 0)])
def test_attestations_count_when_another_key_is_suspended_or_it_is_over(
    member: int, lasts_s: int
) -> None:
    settlement = build_settlement()
    until_s = settlement.block_time_s + lasts_s
    suspended = event("ValidatorSet", "KeySuspended", MEMBERS[member].attester, until_s)
    assert apply(build_replay(), suspended, settled(settlement), settlements=(settlement,)) == []


def build_record(*, is_quarantined: bool = False) -> SettledRecord:
    case = build_case()
    record: Records = case.batch.records[2:3].copy()
    if is_quarantined:
        record["cost_word"] = int(Reason.PROJECT_NOT_BILLABLE) << 56
    return SettledRecord(METER, 2, record, case.batch.header.batch_time_ms)


VALUED, QUARANTINED = build_record(), build_record(is_quarantined=True)
RECORD_COST_UCR = VALUED.cost_ucr
RESOURCE, USER = int(VALUED.record["resource"][0]), int(VALUED.record["user"][0])


def release(**changes: object) -> Event:
    told = event(
        "Corrections", "RecordReleased", METER, 2, CHAT, RESOURCE, USER, RECORD_COST_UCR,
        QUARANTINED.compute_hash(),
    )  # fmt: skip
    return replace(told, args={**told.args, **changes})


def credit(changes: Mapping[str, object] | None = None, record: SettledRecord = VALUED) -> Event:
    told = event(
        "Corrections", "RecordCredited", METER, 2, CHAT, RECORD_COST_UCR, RECORD_COST_UCR,
        record.compute_hash(), HASH, WHO, WHO,
    )  # fmt: skip
    return replace(told, args={**told.args, **(changes or {})})


def correct(told: Event, record: SettledRecord | None, *more: Event) -> list[Check]:
    records = {(METER, 2): record} if record else {}
    found = apply(build_replay(), told, *more, records=records)
    return [each.check for each in found if each.check is not Check.MINTED]


def test_release_charges_the_record_at_its_cost_anew() -> None:
    replay = build_replay()
    charged = charge(0, cost=RECORD_COST_UCR)
    assert apply(replay, release(), charged, records={(METER, 2): QUARANTINED}) == []
    assert replay.position.own_costs_ucr == {CHAT: RECORD_COST_UCR}


@pytest.mark.parametrize(
    "changes",
    [
        {"costUcr": RECORD_COST_UCR + 1},
        {"project": SUPPORT},
        {"resource": RESOURCE + 1},
        {"user": USER + 1},
        {"recordHash": bytes(32)},
    ],
)
def test_release_found_when_it_is_not_the_records(changes: dict[str, object]) -> None:
    assert correct(release(**changes), QUARANTINED) == [Check.CORRECTIONS]


def test_release_found_when_the_record_was_valued_or_never_settled() -> None:
    valued = release(recordHash=VALUED.compute_hash())
    assert correct(valued, VALUED) == [Check.CORRECTIONS]
    assert correct(release(), None) == [Check.CORRECTIONS]


def test_correction_found_when_it_comes_twice() -> None:
    assert correct(release(), QUARANTINED, release()) == [Check.CORRECTIONS]
    assert correct(credit(), VALUED, credit()) == [Check.CORRECTIONS]


@pytest.mark.parametrize(
    "changes",
    [
        {"costUcr": RECORD_COST_UCR + 1},
        {"amountUcr": RECORD_COST_UCR + 1},
        {"amountUcr": 0},
        {"project": SUPPORT},
        {"recordHash": bytes(32)},
    ],
)
def test_credit_found_when_it_is_not_the_records(changes: dict[str, object]) -> None:
    assert correct(credit(changes), VALUED) == [Check.CORRECTIONS]


def test_credit_found_when_the_record_was_quarantined() -> None:
    assert correct(credit(record=QUARANTINED), QUARANTINED) == [Check.CORRECTIONS]


def test_credit_of_a_part_agrees() -> None:
    assert correct(credit({"amountUcr": 1}), VALUED) == []


def test_replay_knows_in_which_batch_a_record_settled() -> None:
    replay, settlement = build_replay(), build_settlement()
    apply(replay, settled(settlement), settlements=(settlement,))
    found = [replay.position.find_batch(METER, seq) for seq in (0, 4, 5)]
    assert found == [settlement.number, settlement.number, None]
    assert replay.position.find_batch(METER + 1, 0) is None
