"""Facts read from the chain's events, for those who ask what held at another time than now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tallystick.chain.decode import EventDecoder, fact_of
from tallystick.chain.errors import Refusal, RpcRefused
from tallystick.chain.rpc import Rpc
from tallystick.client.wire import Wire
from tallystick.core.facts import Facts


def load_facts(wire: Wire, contracts: Sequence[str]) -> Facts:
    """What the contracts at these addresses have announced up to the newest block."""
    return wire.loop.run(_load_facts(wire, contracts))


async def _load_facts(wire: Wire, contracts: Sequence[str]) -> Facts:
    decoder = EventDecoder(wire.network.addresses)
    head = int(await wire.rpc.call("eth_blockNumber"), 16)
    facts = Facts()
    wanted = {"address": list(contracts), "topics": [decoder.topics()]}
    for log in await _read_logs(wire.rpc, wanted, wire.network.start_block, head):
        fact = fact_of(decoder.decode(log))
        if fact is not None:
            facts.add(fact)
    return facts


async def _read_logs(
    rpc: Rpc, wanted: dict[str, object], first: int, last: int
) -> list[dict[str, Any]]:
    """All logs of blocks first..last; a range that the node finds too long is halved."""
    try:
        logs: list[dict[str, Any]] = await rpc.call(
            "eth_getLogs", {**wanted, "fromBlock": hex(first), "toBlock": hex(last)}
        )
    except RpcRefused as error:
        if error.refusal is not Refusal.OVER_LIMIT or first == last:
            raise
        middle = (first + last) // 2
        earlier = await _read_logs(rpc, wanted, first, middle)
        return earlier + await _read_logs(rpc, wanted, middle + 1, last)
    return logs
