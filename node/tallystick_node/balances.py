"""What the keys of this validator hold.

An attestation key that holds funds could pay for transactions, which it must never send: its power
is to sign batches, and nobody should have a reason to use it for more. A sending key without funds
sends nothing on a chain that wants a price.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

import structlog

from tallystick.chain.errors import RpcRefused
from tallystick.chain.rpc import Rpc

INTERVAL_S: Final = 60.0
UNKNOWN: Final = -1

log = structlog.get_logger(__name__)


class BalanceWatch:
    """Asks the chain for two balances now and then. Run `step` in a loop.

    Args:
        rpc: the chain.
        attester: address of the attestation key.
        sender: address of the sending key.
        interval_s: between two questions.
    """

    def __init__(
        self, rpc: Rpc, attester: str, sender: str, *, interval_s: float = INTERVAL_S
    ) -> None:
        self._rpc = rpc
        self._addresses = (attester, sender)
        self._interval_s = interval_s
        self.attester_wei = UNKNOWN
        """What the attestation key holds; -1 before it is known."""
        self.sender_wei = UNKNOWN
        """What the sending key holds; -1 before it is known."""

    async def step(self) -> None:
        """The balances are those of a moment ago; says so where the attestation key holds any.

        Raises:
            ChainUnreachable, RpcRefused: they stay as they were.
        """
        calls = [("eth_getBalance", (address, "latest")) for address in self._addresses]
        attester, sender = map(_read_balance, await self._rpc.call_many(calls))
        self.attester_wei, self.sender_wei = attester, sender
        if self.attester_wei:
            log.error(
                "attester_holds_funds", attester=self._addresses[0], balance_wei=self.attester_wei
            )
        await asyncio.sleep(self._interval_s)


def _read_balance(answer: Any | RpcRefused) -> int:  # noqa: ANN401 - JSON
    if isinstance(answer, RpcRefused):
        raise answer
    return int(answer, 16)
