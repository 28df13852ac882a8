import asyncio
from collections.abc import Sequence

import pytest
from tests.unit.core.builders import BASE_FACTS, METER, NOW_MS, build_frame, build_records
from tests.unit.node.builders import build_ground, build_validator_set

from tallystick.chain.blocks import Block, Settlement
from tallystick.core.facts import Fact, MeterFrozen, MeterKey
from tallystick.core.settlement import Cursor
from tallystick_node.chain_view import ChainView, Header, SettledFrame
from tallystick_node.errors import ChainBehind
from tallystick_node.settle.propose import propose_batch


def make_block(
    number: int, *, facts: Sequence[Fact] = (), settlements: Sequence[Settlement] = ()
) -> Block:
    digits = f"0x{number:064x}"
    return Block(number, digits, "0x", number, 0, 0, (), (), tuple(facts), tuple(settlements), ())


def make_settlement(*counts: int, bitmap: int) -> Settlement:
    frames, start = [], 0
    for count in counts:
        frames.append(build_frame(build_records(count, flags=1 << 8), first_seq=start))
        start += count
    data = propose_batch(frames, build_ground()).data
    return Settlement("0x", 1, 1, 0, "0x", 0, data, b"", 0b111, (), bitmap, b"", start, start, 0)


class Viewing:
    """A view whose clock and chain are the test's."""

    def __init__(self) -> None:
        self.now_ms = NOW_MS
        self.on_chain: dict[int, Header] = {}
        self.view = ChainView(lambda: self.now_ms, self.read_header)

    async def read_header(self, number: int) -> Header | None:
        return self.on_chain.get(number)

    def apply(self, *blocks: Block) -> list[SettledFrame]:
        return asyncio.run(self.view.apply(blocks))


def test_head_is_unknown_before_the_first_block() -> None:
    node = Viewing()
    with pytest.raises(ChainBehind):
        node.view.head  # noqa: B018 - reading it is what fails
    assert node.view.head_number == -1


def test_rotation_moves_the_meter_to_its_next_key() -> None:
    node = Viewing()
    first, second = MeterKey(METER, 0, bytes(32), 0), MeterKey(METER, 1, bytes(32), 5)
    node.apply(make_block(1, facts=[first]))
    assert node.view.cursors == {METER: Cursor(0, 0)}
    settlement = make_settlement(3, 2, bitmap=0b11)
    node.apply(make_block(2, facts=[second], settlements=[settlement]))
    assert node.view.read_cursor(METER) == Cursor(5, 1)


def test_time_is_never_before_the_newest_block() -> None:
    node = Viewing()
    assert node.view.now_ms() == NOW_MS
    late = Block(1, "0x01", "0x", NOW_MS // 1000 + 7, 0, 0, (), (), (), (), ())
    node.apply(late)
    assert node.view.now_ms() == (NOW_MS // 1000 + 7) * 1000
    node.now_ms = NOW_MS + 60_000
    assert node.view.now_ms() == NOW_MS + 60_000


def test_cursors_move_with_segments_that_settled() -> None:
    node = Viewing()
    settled = node.apply(make_block(1, settlements=[make_settlement(3, 2, 4, bitmap=0b011)]))
    assert settled == [SettledFrame(METER, 0, 0, 3, 3), SettledFrame(METER, 0, 3, 5, 2)]
    assert node.view.read_cursor(METER) == Cursor(5, 0)
    assert node.view.read_cursor(99) == Cursor(0, 0)


def test_facts_are_those_known_at_the_block_asked_for() -> None:
    node = Viewing()
    node.apply(make_block(3, facts=BASE_FACTS), make_block(5), make_block(8))
    node.apply(make_block(9, facts=[MeterFrozen(METER, frozen=True, from_ms=0)]))
    assert node.view.facts_at(2).meters == {}
    for block in (3, 5, 8):
        assert METER in node.view.facts_at(block).meters
        assert METER not in node.view.facts_at(block).frozen
    assert METER in node.view.facts_at(9).frozen
    assert node.view.facts_at(8) is node.view.facts_at(4)


def test_reference_is_the_newest_block_known_for_long_enough() -> None:
    node = Viewing()
    for number in (1, 2, 3):
        node.apply(make_block(number))
        node.now_ms += 100
    assert node.view.reference(0).number == 3
    assert node.view.reference(150).number == 2
    assert node.view.reference(300).number == 1
    assert node.view.reference(10_000).number == 3


def test_reference_is_the_head_when_facts_are_younger_than_any_known_for_long_enough() -> None:
    node = Viewing()
    node.apply(make_block(1, facts=BASE_FACTS))
    node.now_ms += 100
    node.apply(make_block(2, facts=[MeterFrozen(METER, frozen=True, from_ms=0)]), make_block(3))
    assert node.view.reference(100).number == 3
    node.now_ms += 100
    node.apply(make_block(4))
    assert node.view.reference(100).number == 3


def test_restore_forgets_blocks_and_takes_over_facts_and_cursors() -> None:
    node = Viewing()
    node.apply(make_block(1, settlements=[make_settlement(3, bitmap=1)]))
    node.view.restore([(1, build_validator_set())], {METER: Cursor(1)})
    assert node.view.head_number == -1
    assert node.view.read_cursor(METER) == Cursor(1)
    assert node.view.facts_at(1).validators_at(0).version == 1


def test_block_is_found_in_memory_on_chain_or_not_at_all() -> None:
    node = Viewing()
    node.on_chain[2] = Header(2, "0xaa", 2, NOW_MS)
    node.apply(make_block(1), make_block(4))

    async def find(number: int) -> Header | None:
        return await node.view.find_block(number, 0.001)

    found = [asyncio.run(find(number)) for number in (1, 2, 3, 5)]
    assert [header and header.number for header in found] == [1, 2, None, None]
    assert node.view.head_number == 4


def test_block_is_waited_for_until_it_is_followed() -> None:
    async def scenario() -> Header | None:
        node = Viewing()
        await node.view.apply([make_block(1)])
        finding = asyncio.create_task(node.view.find_block(2, 5))
        await asyncio.sleep(0)
        await node.view.apply([make_block(2)])
        return await finding

    found = asyncio.run(scenario())
    assert found is not None
    assert found.number == 2
