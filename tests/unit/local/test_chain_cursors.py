"""Where meters stand, as a chain node says it, and what nodes say that cannot know."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from tallystick.chain.errors import ChainUnreachable
from tallystick.chain.network import CONTRACT_BY_FIELD, Addresses, Network
from tallystick.chain.rpc import Rpc
from tallystick.core.settlement import Cursor
from tallystick.local.meters import ChainCursors

ADDRESSES = Addresses(*(f"0x{index + 1:040x}" for index in range(len(CONTRACT_BY_FIELD))))
NETWORK = Network(1, bytes(32), ADDRESSES, "0x00", 0)


def read_cursors(told: dict[str, Any]) -> dict[int, Cursor]:
    """What a meter makes of a chain node's answer."""

    def tell(request: httpx.Request) -> httpx.Response:
        calls = json.loads(request.content)
        return httpx.Response(
            200, json=[{"jsonrpc": "2.0", "id": call["id"], **told} for call in calls]
        )

    async def go() -> dict[int, Cursor]:
        rpc = Rpc(["http://node/"], transport=httpx.MockTransport(tell))
        try:
            return await ChainCursors(rpc, NETWORK).read_cursors([7])
        finally:
            await rpc.aclose()

    return asyncio.run(go())


def test_cursors_are_those_of_the_chain() -> None:
    words = (32, 1, 12, 3)
    result = "0x" + b"".join(word.to_bytes(32, "big") for word in words).hex()
    assert read_cursors({"result": result}) == {7: Cursor(12, 3)}


@pytest.mark.parametrize(
    "told",
    [
        {"result": "0x"},
        {"error": {"code": -32000, "message": "missing trie node"}},
        {"error": {"code": 3, "message": "execution reverted"}},
    ],
    ids=["no-contract", "no-state", "reverted"],
)
def test_cursors_are_unreachable_when_the_node_cannot_know(told: dict[str, Any]) -> None:
    with pytest.raises(ChainUnreachable):
        read_cursors(told)
