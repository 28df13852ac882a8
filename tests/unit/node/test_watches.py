"""What a validator asks now and then: balances, the cost of settling, the clocks of its peers."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from nacl.signing import SigningKey

from tallystick.chain.errors import RpcRefused
from tallystick.chain.rpc import Rpc
from tallystick.core.facts import Validator
from tallystick_node.balances import BalanceWatch
from tallystick_node.costs import CostWatch
from tallystick_node.metrics import NodeMetrics
from tallystick_node.peers.client import CLOCK_MS, PeerClient

ATTESTER, SENDER = "0x" + "aa" * 20, "0x" + "bb" * 20
NOW_MS = 1_790_000_000_000
PEER = Validator(ATTESTER, SENDER, bytes(32), "peer", "http://peer.example")


@dataclass(frozen=True)
class Settlement:
    tx_hash: str
    records: int


def serve_rpc(answer: Callable[[str, list[Any]], object]) -> Rpc:
    """A chain node whose results are what `answer` returns."""

    def answer_one(call: dict[str, Any]) -> dict[str, Any]:
        result = answer(call["method"], call["params"])
        if isinstance(result, RpcRefused):
            return {"id": call["id"], "error": {"code": -32000, "message": "no"}}
        return {"id": call["id"], "result": result}

    def handle(request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content)
        many = [answer_one(call) for call in (asked if isinstance(asked, list) else [asked])]
        return httpx.Response(200, json=many if isinstance(asked, list) else many[0])

    return Rpc(["http://chain.example"], transport=httpx.MockTransport(handle))


def play(rpc: Rpc, *steps: Callable[[], Awaitable[None]]) -> None:
    async def run() -> None:
        for step in steps:
            await step()
        await rpc.aclose()

    asyncio.run(run())


def test_balances_are_unknown_then_those_of_the_chain() -> None:
    rpc = serve_rpc(lambda _, params: {ATTESTER: "0x0", SENDER: "0x10"}[params[0]])
    watch = BalanceWatch(rpc, ATTESTER, SENDER, interval_s=0)
    assert (watch.attester_wei, watch.sender_wei) == (-1, -1)
    play(rpc, watch.step)
    assert (watch.attester_wei, watch.sender_wei) == (0, 16)


def test_balances_stay_when_the_chain_refuses() -> None:
    rpc = serve_rpc(lambda *_: RpcRefused(-32000, "no"))
    watch = BalanceWatch(rpc, ATTESTER, SENDER, interval_s=0)
    with pytest.raises(RpcRefused):
        play(rpc, watch.step)
    assert watch.sender_wei == -1


def test_cost_counts_a_settlement_once() -> None:
    metrics = NodeMetrics()
    rpc = serve_rpc(lambda _, params: {"gasUsed": "0x64"} if params[0] == "0x01" else None)
    watch = CostWatch(rpc, lambda: Settlement("0x01", 5), metrics, interval_s=0)
    play(rpc, watch.step, watch.step)
    assert b"tallystick_settle_gas_total 100.0" in metrics.render()
    assert b"tallystick_settle_gas_records_total 5.0" in metrics.render()


def test_cost_waits_for_what_is_in_no_block() -> None:
    metrics = NodeMetrics()
    rpc = serve_rpc(lambda *_: None)
    watch = CostWatch(rpc, lambda: Settlement("0x02", 5), metrics, interval_s=0)
    play(rpc, watch.step)
    assert b"tallystick_settle_gas_total 0.0" in metrics.render()


@pytest.mark.parametrize(
    ("health", "ahead_ms"),
    [
        ({"status": "ok", "time_ms": NOW_MS - 7_000, "wedged": []}, 7_000),
        ({"status": "wedged", "time_ms": NOW_MS + 9_000, "wedged": ["index"]}, -9_000),
        ({"status": "ok"}, None),  # the release before this one
        ({"status": "ok", "time_ms": "late"}, None),
        (["ok"], None),
    ],
)
def test_clock_is_compared_with_what_a_peer_says(health: object, ahead_ms: int | None) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=health))
    peers = PeerClient(
        SigningKey(bytes(32)), bytes(32), lambda: NOW_MS, {}, timeout_s=1.0, transport=transport
    )
    assert asyncio.run(peers.probe(PEER))
    assert peers.read_ahead_ms(PEER) == ahead_ms


def test_peer_is_asked_for_its_clock_now_and_then_however_much_it_answers() -> None:
    now_ms = NOW_MS
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json={"status": "ok"}))
    peers = PeerClient(
        SigningKey(bytes(32)), bytes(32), lambda: now_ms, {}, timeout_s=1.0, transport=transport
    )
    asyncio.run(peers.probe(PEER))
    assert not peers.is_quiet(PEER)
    now_ms += CLOCK_MS + 1
    peers._note_answer(PEER)
    assert peers.is_quiet(PEER)
