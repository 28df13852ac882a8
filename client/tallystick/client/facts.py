"""Facts read from the chain's events, for those who ask what held at another time than now."""

from __future__ import annotations

from collections.abc import Sequence

from tallystick.chain.decode import EventDecoder, fact_of
from tallystick.client.events import read_logs
from tallystick.client.wire import Wire
from tallystick.core.facts import Facts


def load_facts(wire: Wire, contracts: Sequence[str]) -> Facts:
    """What the contracts at these addresses have announced up to the newest block."""
    return wire.loop.run(_load_facts(wire, contracts))


async def _load_facts(wire: Wire, contracts: Sequence[str]) -> Facts:
    decoder = EventDecoder(wire.network.addresses)
    head = int(await wire.rpc.call("eth_blockNumber"), 16)
    facts = Facts()
    wanted: dict[str, object] = {"address": list(contracts), "topics": [decoder.topics()]}
    for log in await read_logs(wire.rpc, wanted, wire.network.start_block, head):
        fact = fact_of(decoder.decode(log))
        if fact is not None:
            facts.add(fact)
    return facts
