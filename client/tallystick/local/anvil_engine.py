"""The engine of laptops and tests: one anvil in memory, and a recorder that keeps its blocks."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from typing import Final

from tallystick.chain.config import Chain
from tallystick.chain.rpc import Rpc
from tallystick.local.anvil import start_anvil
from tallystick.local.chain_log import ChainLog, read_blocks
from tallystick.local.clock import NetworkClock
from tallystick.local.engine import ChainPlan, FoundedChain
from tallystick.local.errors import FolderMalformed
from tallystick.local.folder import LOCAL_CONFIG, ChainEntry, NetworkFile, NetworkFolder
from tallystick.local.names import ANVIL, RECORDER
from tallystick.local.ports import format_url
from tallystick.local.processes import Processes
from tallystick.local.programs import find_anvil
from tallystick.local.recorder import Recorder
from tallystick.local.shutdown import RECORDER_PATIENCE_S
from tallystick.local.transactions import TransactionJournal

CHAINLESS_PATIENCE_S: Final = 2.0
"""A validator without a chain would wait in vain for what it has sent."""


class AnvilEngine:
    """One process that everybody may send to for nothing."""

    name = ANVIL
    config = LOCAL_CONFIG

    def find_programs(self) -> str:
        """Anvil's path; see `find_anvil`."""
        return str(find_anvil())

    def count_ports(self, chain: Chain) -> int:
        """One for every process that makes blocks."""
        return chain.nodes

    def found(
        self,
        folder: NetworkFolder,  # noqa: ARG002 - anvil keeps nothing in files
        processes: Processes,
        plan: ChainPlan,
    ) -> FoundedChain:
        """Anvil runs with nothing but its genesis block."""
        entry = ChainEntry(plan.ports[0], plan.chain.id, plan.time_s)
        asyncio.run(start_anvil(processes, find_anvil(), entry, [], NetworkClock(None)))
        return FoundedChain([format_url(entry.port)], entry, [])

    def secure(self, folder: NetworkFolder, chain: FoundedChain) -> None:
        """The chain's log holds every block so far."""
        asyncio.run(_record_once(chain.rpc_urls[0], folder))

    def list_processes(self, network: NetworkFile) -> list[str]:  # noqa: ARG002 - always the same
        """Anvil and its recorder."""
        return [ANVIL, RECORDER]

    def list_ports(self, network: NetworkFile) -> Mapping[str, int]:
        """Anvil's; the recorder listens nowhere."""
        return {ANVIL: _require_entry(network).port}

    def revive(self, folder: NetworkFolder, processes: Processes, network: NetworkFile) -> None:
        """Anvil runs with every block that was logged, and its recorder."""
        if processes.find(ANVIL) is None:
            _revive_chain(folder, processes, network)
        if processes.find(RECORDER) is None:
            _start_recorder(folder, processes, network)


async def _record_once(url: str, folder: NetworkFolder) -> None:
    rpc, log = Rpc([url]), ChainLog(folder.chain_log)
    try:
        await Recorder(rpc, log).catch_up()
    finally:
        log.close()
        await rpc.aclose()


def _revive_chain(folder: NetworkFolder, processes: Processes, network: NetworkFile) -> None:
    """The chain holds again every block that was logged and every transaction signed here.

    Nobody may send to it before it does: blocks with a stranger among their transactions would come
    out different. Validators are stopped for that, and this folder's keys are locked.
    """
    from tallystick.chain.reader import connect  # noqa: PLC0415 - takes a second to import
    from tallystick.chain.transact import resend  # noqa: PLC0415

    validators = [processes.find(validator.name) for validator in network.validators]
    senders = [validator for validator in validators if validator is not None]
    processes.stop(senders, patience_s=CHAINLESS_PATIENCE_S)
    recorder = processes.find(RECORDER)
    if recorder is not None:
        processes.stop([recorder], patience_s=RECORDER_PATIENCE_S)
    journal = TransactionJournal(folder.transactions)
    with journal.locked():
        blocks = read_blocks(folder.chain_log)
        clock = NetworkClock(folder.clock_file)
        entry = _require_entry(network)
        asyncio.run(start_anvil(processes, find_anvil(), entry, blocks, clock))
        resend(connect(network.rpc_urls[0]), journal.read())


def _start_recorder(folder: NetworkFolder, processes: Processes, network: NetworkFile) -> None:
    url, log = network.rpc_urls[0], str(folder.chain_log.resolve())
    processes.start(
        RECORDER,
        [sys.executable, "-m", "tallystick.local.recorder", url, network.genesis_hash, log],
    )


def _require_entry(network: NetworkFile) -> ChainEntry:
    if network.chain is None:
        raise FolderMalformed("network.json does not say how its chain was started")
    return network.chain
