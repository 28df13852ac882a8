"""Events read from the chain's logs, for what no view of a contract lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tallystick.chain.abi import load_events
from tallystick.chain.decode import Event, decode_event, parse_log
from tallystick.chain.errors import Refusal, RpcRefused
from tallystick.chain.rpc import Rpc
from tallystick.client.wire import Wire


def read_events(wire: Wire, contract: str, names: Sequence[str]) -> list[Event]:
    """The contract's events of these names, oldest first."""
    return wire.loop.run(_read_events(wire, contract, names))


async def read_logs(
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
        earlier = await read_logs(rpc, wanted, first, middle)
        return earlier + await read_logs(rpc, wanted, middle + 1, last)
    return logs


async def _read_events(wire: Wire, contract: str, names: Sequence[str]) -> list[Event]:
    shapes = {topic: shape for topic, shape in load_events(contract).items() if shape.name in names}
    head = int(await wire.rpc.call("eth_blockNumber"), 16)
    wanted: dict[str, object] = {
        "address": [wire.address(contract)],
        "topics": [[f"0x{topic.hex()}" for topic in shapes]],
    }
    logs = await read_logs(wire.rpc, wanted, wire.network.start_block, head)
    parsed = [parse_log(log) for log in logs]
    return [decode_event(shapes[log.topics[0]], log) for log in parsed]
