"""What settling costs: the gas of one of this validator's settlements, looked at now and then."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

from tallystick.chain.rpc import Rpc
from tallystick_node.metrics import NodeMetrics

INTERVAL_S: Final = 10.0


class Sent(Protocol):
    """A settlement that a chain node took."""

    @property
    def tx_hash(self) -> str:
        """Of its transaction."""

    @property
    def records(self) -> int:
        """How many it holds."""


class CostWatch:
    """Asks for the receipt of what was sent last. Run `step` in a loop.

    A receipt of every settlement would be one more question for each; a sample says as much.

    Args:
        rpc: the chain.
        find_last: what was sent last, None where nothing was.
        metrics: gas and records are counted here.
        interval_s: between two receipts.
    """

    def __init__(
        self,
        rpc: Rpc,
        find_last: Callable[[], Sent | None],
        metrics: NodeMetrics,
        *,
        interval_s: float = INTERVAL_S,
    ) -> None:
        self._rpc = rpc
        self._find_last = find_last
        self._metrics = metrics
        self._interval_s = interval_s
        self._seen = ""

    async def step(self) -> None:
        """The newest settlement is counted, once, if it is in a block by now.

        Raises:
            ChainUnreachable, RpcRefused: it is looked at the next time.
        """
        await asyncio.sleep(self._interval_s)
        sent = self._find_last()
        if sent is None or sent.tx_hash == self._seen:
            return
        receipt = await self._rpc.call("eth_getTransactionReceipt", sent.tx_hash)
        if receipt is None:
            return
        self._seen = sent.tx_hash
        self._metrics.settle_gas.inc(int(receipt["gasUsed"], 16))
        self._metrics.settle_gas_records.inc(sent.records)
