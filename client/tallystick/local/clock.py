"""The clock of a network on this machine: the wall clock, plus what the network was moved ahead.

The folder's file `clock` holds that many seconds. Validators, meters and clients read it again
whenever it changes, so that a network goes on settling through a jump.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tallystick.chain.rpc import Rpc
from tallystick.local.chain_log import read_blocks
from tallystick.local.errors import ClockMalformed, ClockNotMoved, NotRunning
from tallystick.local.files import locked, write_atomically
from tallystick.local.folder import NetworkFile, NetworkFolder
from tallystick.local.names import ANVIL, RECORDER
from tallystick.local.processes import Processes

MINED_BLOCKS: Final = 50
"""Mined by every jump: whatever waits for blocks as well as for time has waited long enough."""
RECORD_PATIENCE_S: Final = 20.0
POLL_S: Final = 0.05
NS_PER_MS: Final = 1_000_000


class NetworkClock:
    """The time by one network's clock.

    Args:
        path: holds the seconds to add to the wall clock; None, or no such file: the wall clock.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._version: tuple[int, int] | None = None
        self._offset_s = 0

    def __call__(self) -> int:
        """Unix ms."""
        return time.time_ns() // NS_PER_MS + self.offset_s * 1_000

    @property
    def offset_s(self) -> int:
        """How many seconds the network is ahead of the wall clock.

        Raises:
            ClockMalformed: the file holds something else than a number.
        """
        if self._path is None:
            return 0
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return 0
        version = (found.st_ino, found.st_mtime_ns)
        if version != self._version:
            self._offset_s = _read_offset_s(self._path)
            self._version = version
        return self._offset_s


@dataclass(frozen=True, slots=True)
class Jump:
    """A network that was moved ahead."""

    seconds: int
    offset_s: int
    """How many seconds it is ahead of the wall clock, by this jump and those before it."""
    block: int
    """The chain's newest."""
    time_s: int
    """Its time, Unix seconds."""


def forward(folder: NetworkFolder, seconds: int) -> Jump:
    """It is this much later on the network, and 50 blocks are mined; the chain's log holds them.

    Args:
        folder: of a network that runs.
        seconds: at least 1.

    Raises:
        ClockNotMoved: there is no going back, and no network is moved that is not all there.
        NotRunning: no network in the folder, or its chain or the chain's recorder is down.
        ChainUnreachable: it does not answer; nothing has moved that `up` would not move again.
    """
    if seconds < 1:
        raise ClockNotMoved("time goes forward only", expected="1 s or more", actual=seconds)
    network = _require_running(folder)
    with locked(folder.root / "clock.lock"):
        return asyncio.run(_forward(folder, network, seconds))


async def _forward(folder: NetworkFolder, network: NetworkFile, seconds: int) -> Jump:
    """The file is written before blocks are mined: what dies in between is made up for by `up`."""
    rpc = Rpc(network.rpc_urls)
    try:
        rpc.require_chain(network.chain_id, network.genesis_hash)
        offset_s = await _read_lead_s(rpc, NetworkClock(folder.clock_file)) + seconds
        await rpc.call("evm_setTime", int(time.time()) + offset_s)
        write_atomically(folder.clock_file, f"{offset_s}\n".encode())
        await rpc.call("anvil_mine", hex(MINED_BLOCKS))
        head = await _read_head(rpc)
    finally:
        await rpc.aclose()
    block = int(head["number"], 16)
    await _wait_until_logged(folder, block)
    return Jump(seconds, offset_s, block, int(head["timestamp"], 16))


async def _read_lead_s(rpc: Rpc, clock: NetworkClock) -> int:
    """How far ahead the chain is, even where an earlier jump died before it wrote so."""
    head = await _read_head(rpc)
    return max(clock.offset_s, int(head["timestamp"], 16) - int(time.time()))


async def _read_head(rpc: Rpc) -> dict[str, Any]:
    head: dict[str, Any] = await rpc.call("eth_getBlockByNumber", "latest", False)
    return head


async def _wait_until_logged(folder: NetworkFolder, block: int) -> None:
    """A chain killed from here on comes back with the jump."""
    until_s = time.monotonic() + RECORD_PATIENCE_S
    while len(read_blocks(folder.chain_log)) < block:
        if time.monotonic() > until_s:
            raise ClockNotMoved(
                "the jump is not in the chain's log",
                expected=f"block {block} within {RECORD_PATIENCE_S} s",
                actual=f"see {folder.log(RECORDER)}",
            )
        await asyncio.sleep(POLL_S)


def _require_running(folder: NetworkFolder) -> NetworkFile:
    network = folder.read_network()
    if network is None:
        raise NotRunning(str(folder.root), why="there is no network in this folder")
    if network.engine != ANVIL or network.chain is None:
        raise ClockNotMoved(
            "the time of a chain of several nodes is its nodes' own and cannot be moved",
            expected="a network that `up --engine anvil` founded",
            actual=network.engine,
        )
    processes = Processes(folder.run, folder.logs)
    for name in (ANVIL, RECORDER):
        if processes.find(name) is None:
            raise NotRunning(str(folder.root), why=f"the network's {name} is down")
    return network


def _read_offset_s(path: Path) -> int:
    text = path.read_text()
    try:
        return int(text)
    except ValueError as error:
        raise ClockMalformed(f"{path} is no clock", expected="seconds", actual=text[:40]) from error
