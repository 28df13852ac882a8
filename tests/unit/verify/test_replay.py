"""The replay over a block at a time: numbers, cursors, keys and the accumulator."""

from dataclasses import replace

import pytest
from tests.unit.core.builders import BASE_FACTS, CHAT, METER
from tests.unit.verify.cases import HASHES, IDENTITY, SET, build_case

from tallystick.chain.blocks import Block, Settlement
from tallystick.chain.decode import Event
from tallystick.core.settlement import Cursor, compute_accumulator
from tallystick.verify.replay import Position, Replay, decode_settlements
from tallystick.verify.verdict import Check, Disagreement

BEFORE = bytes([3]) * 32


def build_settlement(**changes: object) -> Settlement:
    honest = build_case().settlement
    bitmap = changes.get("settled_bitmap", honest.settled_bitmap)
    assert isinstance(bitmap, int)
    accumulator = compute_accumulator(BEFORE, honest.data_hash, bitmap)
    return replace(honest, accumulator=accumulator, **changes)  # type: ignore[arg-type]


def build_event(contract: str, name: str, **args: object) -> Event:
    return Event(name, contract, args, block=12, tx_hash="0x", tx_index=0, log_index=0)


def build_block(settlement: Settlement, *before: Event) -> Block:
    settled = build_event(
        "UsageLedger",
        "BatchSettled",
        number=settlement.number,
        accumulator=settlement.accumulator,
    )
    return Block(
        12,
        "0x12",
        "0x11",
        settlement.block_time_s,
        0,
        0,
        (),
        (*before, settled),
        (),
        (settlement,),
        (),
    )


def build_replay(cursor: Cursor | None = Cursor()) -> Replay:  # noqa: B008 - frozen
    cursors = {METER: cursor} if cursor else {}
    replay = Replay(IDENTITY, Position(batches=5, accumulator=BEFORE, cursors=cursors))
    replay.book.announce(1, [*BASE_FACTS, SET])
    return replay


def apply(replay: Replay, block: Block) -> list[Disagreement]:
    return list(replay.apply(block, decode_settlements([block]), HASHES))


def test_replay_moves_on_over_an_honest_batch() -> None:
    replay, settlement = build_replay(), build_settlement()
    assert apply(replay, build_block(settlement)) == []
    position = replay.position
    assert (position.block, position.block_hash, position.batches) == (12, "0x12", 6)
    assert position.records == 5
    assert position.cursors == {METER: Cursor(5)}
    assert position.own_costs_ucr == {CHAT: settlement.cost_ucr}
    assert position.accumulator == settlement.accumulator


@pytest.mark.parametrize(("number", "missing"), [(6, 5), (4, 5)])
def test_replay_tells_of_a_number_that_does_not_follow(number: int, missing: int) -> None:
    found = apply(build_replay(), build_block(build_settlement(number=number)))
    assert [each.check for each in found] == [Check.BATCH_NUMBER]
    assert (found[0].batch, found[0].expected, found[0].actual) == (missing, missing, number)


@pytest.mark.parametrize("cursor", [None, Cursor(1), Cursor(0, key_index=1), Cursor(99)])
def test_replay_tells_of_segments_that_must_not_settle(cursor: Cursor | None) -> None:
    found = apply(build_replay(cursor), build_block(build_settlement()))
    assert [(each.check, each.segment) for each in found] == [(Check.SETTLED_SEGMENTS, 0)]
    assert (found[0].expected, found[0].actual) == ("0x0", "0x3")


def test_replay_tells_of_a_segment_that_was_left_out() -> None:
    case = build_case()
    words = case.batch.records["cost_word"]
    settlement = build_settlement(settled_bitmap=0b01, records=2, cost_ucr=int(words[:2].sum()))
    replay = build_replay()
    found = apply(replay, build_block(settlement))
    assert [(each.check, each.segment) for each in found] == [(Check.SETTLED_SEGMENTS, 1)]
    assert replay.position.cursors == {METER: Cursor(2)}


def test_replay_tells_of_an_accumulator_that_does_not_chain() -> None:
    settlement = replace(build_settlement(), accumulator=bytes(32))
    replay = build_replay()
    found = apply(replay, build_block(settlement))
    assert [each.check for each in found] == [Check.ACCUMULATOR]
    assert replay.position.accumulator == bytes(32)


def test_replay_moves_cursors_to_a_new_key_when_it_is_announced() -> None:
    rotation = build_event("Registry", "MeterKeySet", meter=METER, keyIndex=1)
    found = apply(build_replay(), build_block(build_settlement(), rotation))
    assert Check.SETTLED_SEGMENTS in {each.check for each in found}


def test_replay_tells_each_of_many_faults_in_the_order_of_the_checks() -> None:
    settlement = build_settlement(signer_bitmap=0b1011, records=4)
    settlement = replace(settlement, accumulator=bytes(32))
    block = replace(build_block(settlement), settlements=(settlement,))
    found = list(build_replay().apply(block, decode_settlements([block]), {}))
    assert [each.check for each in found] == [
        Check.ATTESTATIONS,
        Check.REFERENCE_BLOCK,
        Check.TOTALS,
        Check.ACCUMULATOR,
    ]
