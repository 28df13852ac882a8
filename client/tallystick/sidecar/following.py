"""Keeps a directory up to date: reads what the chain has announced, then only what is new."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import structlog

from tallystick.chain.decode import EventDecoder, fact_of
from tallystick.chain.network import Network
from tallystick.chain.rpc import Rpc
from tallystick.client.events import read_logs
from tallystick.core.errors import TallystickError
from tallystick.core.facts import Fact
from tallystick.sidecar.directory import NetworkDirectory

POLL_S: Final = 1.0

_log = structlog.get_logger(__name__)


class DirectoryFollower:
    """Teaches a directory what the contracts announce.

    Args:
        rpc: the network's chain.
        network: whose contracts to read.
        directory: knows nothing yet.
    """

    def __init__(self, rpc: Rpc, network: Network, directory: NetworkDirectory) -> None:
        self._rpc = rpc
        self._first_block = network.start_block
        self._directory = directory
        self._decoder = EventDecoder(network.addresses, network.former_ledgers)
        addresses = network.addresses
        self._wanted: dict[str, object] = {
            "address": [addresses.registry, addresses.tariff, addresses.validators],
            "topics": [self._decoder.topics()],
        }
        self._tip: tuple[int, str] | None = None

    async def poll(self) -> None:
        """What the chain has announced up to its newest block is known.

        Raises:
            ChainUnreachable: it did not answer; what was known stays known.
        """
        head = await self._rpc.call("eth_getBlockByNumber", "latest", False)
        tip = (int(head["number"], 16), str(head["hash"]))
        if tip == self._tip:
            return
        is_continued = self._tip is not None and await self._is_still_there(*self._tip)
        first = self._tip[0] + 1 if self._tip is not None and is_continued else self._first_block
        facts = await self._read_facts(first, tip[0]) if first <= tip[0] else []
        if not is_continued:
            self._directory.forget()
        self._directory.learn(facts)
        self._tip = tip

    async def follow(self, *, poll_s: float = POLL_S) -> None:
        """`poll` happens again and again until this task is cancelled; an outage only delays it."""
        while True:
            await asyncio.sleep(poll_s)
            try:
                await self.poll()
            except TallystickError as error:
                _log.warning("directory_not_read", code=error.code)

    async def _read_facts(self, first: int, last: int) -> list[Fact]:
        logs: list[Any] = await read_logs(self._rpc, self._wanted, first, last)
        found = (fact_of(self._decoder.decode(log)) for log in logs)
        return [fact for fact in found if fact is not None]

    async def _is_still_there(self, number: int, block_hash: str) -> bool:
        found = await self._rpc.call("eth_getBlockByNumber", hex(number), False)
        return found is not None and found["hash"] == block_hash
