"""The recorder: follows the local chain and keeps its log, so that a killed anvil costs no history.

Runs beside anvil as a process of its own: `python -m tallystick.local.recorder URL GENESIS LOG`.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from tallystick.chain.errors import ChainUnreachable, NetworkMismatch, RpcRefused
from tallystick.chain.rpc import Rpc
from tallystick.local.chain_log import ChainLog, LoggedBlock

POLL_S: Final = 0.1
BLOCKS_PER_STEP: Final = 32


class Recorder:
    """Copies what the chain has and the log has not.

    Args:
        rpc: the local chain's.
        log: open for appending.
    """

    def __init__(self, rpc: Rpc, log: ChainLog) -> None:
        self._rpc = rpc
        self._log = log
        self._head = ""

    async def catch_up(self) -> None:
        """The log holds every block that the chain had at the time of the call.

        Raises:
            ChainUnreachable: the chain does not answer; the log is whole as far as it goes.
        """
        head = await self._rpc.call("eth_getBlockByNumber", "latest", False)
        if head["hash"] == self._head:
            return
        last = int(head["number"], 16)
        number = await self._find_fork(min(last, self._log.next_number - 1)) + 1
        while number <= last:
            blocks = await self._read_blocks(number, min(last + 1, number + BLOCKS_PER_STEP))
            self._log.append(blocks)
            number += len(blocks)
        self._head = head["hash"]

    async def _find_fork(self, number: int) -> int:
        """The newest block, at most `number`, that log and chain agree on; 0 is the genesis."""
        while number:
            block = await self._rpc.call("eth_getBlockByNumber", hex(number), False)
            if block is not None and block["hash"] == self._log.hashes[number - 1]:
                break
            number -= 1
        return number

    async def _read_blocks(self, first: int, end: int) -> list[LoggedBlock]:
        headers = await self._call_all(
            [("eth_getBlockByNumber", (hex(number), False)) for number in range(first, end)]
        )
        hashes = [tx for header in headers for tx in header["transactions"]]
        raw = iter(await self._call_all([("eth_getRawTransactionByHash", (tx,)) for tx in hashes]))
        return [
            LoggedBlock(
                int(header["number"], 16),
                int(header["timestamp"], 16),
                header["hash"],
                [bytes.fromhex(next(raw)[2:]) for _ in header["transactions"]],
            )
            for header in headers
        ]

    async def _call_all(self, calls: list[tuple[str, tuple[object, ...]]]) -> list[Any]:
        answers = await self._rpc.call_many(calls)
        for answer in answers:
            if isinstance(answer, RpcRefused):
                raise answer
        return answers


async def record(url: str, genesis_hash: str, path: Path) -> None:
    """The log follows the chain until this process is asked to end, and once more after that.

    Args:
        url: the chain's.
        genesis_hash: another chain at that address is never copied.
        path: the log.
    """
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    rpc, log = Rpc([url]), ChainLog(path)
    recorder = Recorder(rpc, log)
    try:
        rpc.require_chain(int(await rpc.call("eth_chainId"), 16), genesis_hash)
        while not stopped.is_set():
            with suppress(ChainUnreachable, NetworkMismatch):
                await recorder.catch_up()
            with suppress(TimeoutError):
                await asyncio.wait_for(stopped.wait(), POLL_S)
        with suppress(ChainUnreachable, NetworkMismatch):
            await recorder.catch_up()
    finally:
        log.close()
        await rpc.aclose()


def main() -> None:
    """Entry point of the recorder's process."""
    url, genesis_hash, path = sys.argv[1:]
    asyncio.run(record(url, genesis_hash, Path(path)))


if __name__ == "__main__":
    main()
