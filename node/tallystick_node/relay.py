"""Calls of this validator besides settlements: sent once, and followed to their outcome.

How many are under way is bounded. Simulate a call first: what the chain refuses costs a nonce.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, Protocol

import structlog

from tallystick.chain.calls import Write
from tallystick.chain.errors import RpcRefused
from tallystick.chain.reader import PENDING
from tallystick.chain.reverts import explain_refusal
from tallystick.chain.rpc import Rpc
from tallystick.chain.submission_effects import Outcome, OutcomeStatus
from tallystick.chain.submitter import Call
from tallystick_node.errors import ActLost, RateLimited

MAX_UNDER_WAY: Final = 64
OUTCOME_TIMEOUT_S: Final = 60.0

log = structlog.get_logger(__name__)


class CallSubmitter(Protocol):
    """How calls are sent."""

    async def call(self, call: Call) -> str:
        """The transaction's hash once a chain node took it."""


@dataclass(frozen=True, slots=True)
class Relayed:
    """A call to carry out."""

    write: Write[Any]
    gas: int
    """More than it takes."""
    key: bytes
    """32 bytes; the same key at the same time is the same call."""


class CallRelay:
    """Carries calls out with this validator's sending key.

    Args:
        submitter: of the sending key.
        simulate: raises what the chain would refuse a call with.
        max_under_way: calls at once; more are refused.
    """

    def __init__(
        self,
        submitter: CallSubmitter,
        simulate: Callable[[Write[Any]], Awaitable[None]],
        *,
        max_under_way: int = MAX_UNDER_WAY,
    ) -> None:
        self._submitter = submitter
        self._simulate = simulate
        self._max_under_way = max_under_way
        self._tasks: dict[bytes, asyncio.Task[str]] = {}
        self._outcomes: dict[bytes, asyncio.Future[OutcomeStatus]] = {}

    async def simulate(self, write: Write[Any]) -> None:
        """The chain would carry the call out now.

        Raises:
            TransactionReverted: it would not.
        """
        await self._simulate(write)

    async def send(self, call: Relayed) -> str:
        """The transaction's hash once it was mined and has succeeded; shared by all who ask.

        Raises:
            RateLimited: too many are under way.
            TransactionReverted: the chain refused it.
            ActLost: it was sent, and its outcome is not known, or a failure without a reason.
        """
        task = self._tasks.get(call.key)
        if task is None:
            if len(self._tasks) >= self._max_under_way:
                raise RateLimited(
                    "too many calls are under way",
                    retry_after_s=1,
                    expected=f"at most {self._max_under_way}",
                )
            task = asyncio.create_task(self._run(call))
            self._tasks[call.key] = task
            task.add_done_callback(lambda _: self._tasks.pop(call.key, None))
        return await asyncio.shield(task)

    def apply_outcomes(self, outcomes: Iterable[Outcome]) -> None:
        """What the chain decided; whoever waits for it is told."""
        for outcome in outcomes:
            future = self._outcomes.get(outcome.data_hash)
            if future is not None and not future.done():
                future.set_result(outcome.status)

    async def aclose(self) -> None:
        """Nothing is waited for any more; what was sent stays sent."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, call: Relayed) -> str:
        outcome = asyncio.get_running_loop().create_future()
        self._outcomes[call.key] = outcome
        try:
            tx_hash = await self._submitter.call(_describe(call))
            status = await _wait_for(outcome, tx_hash)
        finally:
            del self._outcomes[call.key]
        log.info("call_ended", function=call.write.function, tx_hash=tx_hash, outcome=status)
        if status is not OutcomeStatus.SETTLED:
            await self._simulate(call.write)  # says why, where the state has not changed meanwhile
            raise ActLost("the transaction failed on chain", actual=tx_hash)
        return tx_hash


async def _wait_for(outcome: asyncio.Future[OutcomeStatus], tx_hash: str) -> OutcomeStatus:
    try:
        async with asyncio.timeout(OUTCOME_TIMEOUT_S):
            return await outcome
    except TimeoutError as error:
        raise ActLost(
            "the transaction was sent, and its outcome is not known yet",
            expected=f"a block within {OUTCOME_TIMEOUT_S:.0f} s",
            actual=tx_hash,
        ) from error


def _describe(call: Relayed) -> Call:
    if call.write.to is None:
        raise ValueError("only calls to a contract are relayed")
    return Call(call.write.to, call.write.data, call.gas, call.key)


def create_simulation(rpc: Rpc, sender: str) -> Callable[[Write[Any]], Awaitable[None]]:
    """What the chain would say in its next block, in whose time deadlines are checked.

    Args:
        rpc: the chain.
        sender: address of whoever would send the call.
    """

    async def simulate(write: Write[Any]) -> None:
        call = {"from": sender, "to": write.to, "data": "0x" + write.data.hex()}
        try:
            await rpc.call("eth_call", call, PENDING)
        except RpcRefused as refusal:
            raise explain_refusal(refusal) from refusal

    return simulate
