"""The follower on a real chain: settlements from calldata, pages, and blocks taken back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from tests.integration.settling import SettlingNetwork

from tallystick.chain.blocks import Advanced, Block, Unwound
from tallystick.chain.errors import SettlementUnreadable
from tallystick.chain.follower import Follower
from tallystick.chain.rpc import Rpc
from tallystick.core.batches import decode_batch

pytestmark = [pytest.mark.integration, pytest.mark.anyio]


async def follow(follower: Follower) -> list[Block]:
    blocks: list[Block] = []
    while (step := await follower.poll()) is not None:
        assert isinstance(step, Advanced)
        blocks += step.blocks
    return blocks


async def settle_in_turn(net: SettlingNetwork, counts: Sequence[int], first_seq: int = 0) -> None:
    for count in counts:
        frame = net.sign(net.records(count, first=first_seq), first_seq=first_seq)
        await net.settle([frame])
        first_seq += count


async def test_follower_yields_every_settlement_with_its_calldata(
    net: SettlingNetwork, rpc: Rpc
) -> None:
    await settle_in_turn(net, [3, 5, 7])
    blocks = await follow(Follower(rpc, net.network))
    settlements = [settlement for block in blocks for settlement in block.settlements]
    assert [block.number for block in blocks] == list(range(len(blocks)))
    assert [settlement.number for settlement in settlements] == [0, 1, 2]
    assert [len(decode_batch(settlement.data).records) for settlement in settlements] == [3, 5, 7]
    assert [settlement.records for settlement in settlements] == [3, 5, 7]
    assert all(len(settlement.attestations) == 3 for settlement in settlements)
    methods = [each.method for block in blocks for each in block.transactions]
    assert methods.count("settle") == 3
    assert methods.count("grant") == len(net.projects)


@pytest.mark.parametrize("page_blocks", [1, 7])
async def test_follower_yields_the_same_blocks_whatever_the_page(
    net: SettlingNetwork, rpc: Rpc, page_blocks: int
) -> None:
    await settle_in_turn(net, [2, 2])
    paged = Follower(rpc, net.network, page_blocks=page_blocks)
    assert await follow(paged) == await follow(Follower(rpc, net.network))


async def test_follower_cuts_a_page_when_settlements_fill_it(
    net: SettlingNetwork, rpc: Rpc, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tallystick.chain.pages.MAX_PAGE_SETTLEMENTS", 2)
    await settle_in_turn(net, [1] * 5)
    follower = Follower(rpc, net.network)
    pages: list[int] = []
    while isinstance(step := await follower.poll(), Advanced):
        pages.append(sum(len(block.settlements) for block in step.blocks))
    assert sum(pages) == 5
    assert max(pages) == 2


async def test_follower_goes_on_where_it_was_when_given_known_blocks(
    net: SettlingNetwork, rpc: Rpc
) -> None:
    before = await follow(Follower(rpc, net.network))
    known = [(block.number, block.hash) for block in before[-5:]]
    await settle_in_turn(net, [4])
    blocks = await follow(Follower(rpc, net.network, known=known))
    assert [block.number for block in blocks] == [before[-1].number + 1]


async def test_follower_unwinds_to_the_last_common_block_when_the_chain_reorganises(
    net: SettlingNetwork, rpc: Rpc
) -> None:
    await settle_in_turn(net, [1, 1, 1])
    follower = Follower(rpc, net.network)
    before = await follow(follower)
    await rpc.call("anvil_reorg", 2, [])
    assert await follower.poll() == Unwound(before[-3].number)
    after = await follow(follower)
    assert [block.number for block in after] == [block.number for block in before[-2:]]
    assert not any(block.settlements for block in after)
    assert after[0].parent_hash == before[-3].hash


async def test_follower_unwinds_to_its_start_when_nothing_is_common(
    net: SettlingNetwork, rpc: Rpc
) -> None:
    known = [(number, f"0x{number:064x}") for number in range(3, 9)]
    follower = Follower(rpc, net.network, from_block=3, known=known)
    assert await follower.poll() == Unwound(2)
    assert (await follow(follower))[0].number == 3


async def test_follower_unwinds_when_the_head_is_below_it(net: SettlingNetwork, rpc: Rpc) -> None:
    snapshot = await rpc.call("evm_snapshot")
    follower = Follower(rpc, net.network)
    before = await follow(follower)
    await settle_in_turn(net, [1])
    await follow(follower)
    await rpc.call("evm_revert", snapshot)
    assert await follower.poll() == Unwound(before[-1].number)


async def test_settlement_reported_when_made_inside_another_call(
    net: SettlingNetwork, rpc: Rpc, monkeypatch: pytest.MonkeyPatch
) -> None:
    tx_hash = net.send(net.attest(await net.judge([net.sign(net.records(2), first_seq=0)])))
    honest = rpc.call_many

    async def through_another_contract(calls: Sequence[Any]) -> list[Any]:
        answers = await honest(calls)
        for answer in answers:
            if isinstance(answer, dict) and answer.get("hash") == tx_hash:
                answer["to"] = net.network.addresses.budgets
        return answers

    monkeypatch.setattr(rpc, "call_many", through_another_contract)
    with pytest.raises(SettlementUnreadable) as caught:
        await follow(Follower(rpc, net.network))
    assert (caught.value.check, caught.value.number) == ("direct_call", 0)

    reported: list[SettlementUnreadable] = []
    blocks = await follow(Follower(rpc, net.network, on_unreadable=reported.append))
    assert [error.tx_hash for error in reported] == [tx_hash]
    assert not any(block.settlements for block in blocks)
