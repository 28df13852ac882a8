"""`up`: a whole network on this machine, started or revived."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tallystick.chain.rpc import Rpc
from tallystick.local.anvil import format_url, start_anvil
from tallystick.local.chain_log import read_blocks
from tallystick.local.clock import NetworkClock
from tallystick.local.errors import AlreadyRunning
from tallystick.local.folder import NetworkFile, NetworkFolder, read_identity
from tallystick.local.founding import NetworkPlan, discard_unfinished, found_network
from tallystick.local.meters import settle_left_overs
from tallystick.local.names import ANVIL, RECORDER
from tallystick.local.processes import Processes
from tallystick.local.programs import find_anvil
from tallystick.local.shutdown import RECORDER_PATIENCE_S, stop_in_order
from tallystick.local.transactions import TransactionJournal
from tallystick.local.validators import ValidatorLauncher, wait_until_ready, write_settings

SETTLE_PATIENCE_S: Final = 60.0
CHAINLESS_PATIENCE_S: Final = 2.0
"""A validator without a chain would wait in vain for what it has sent."""

Report = Callable[[str], None]


@dataclass(frozen=True)
class Launched:
    """A network that runs.

    Attributes:
        network: what identifies it.
        was_new: it did not exist before.
        unsettled: meters whose records did not all settle while it was revived.
    """

    network: NetworkFile
    was_new: bool
    unsettled: list[str]


def launch(folder: NetworkFolder, plan: NetworkPlan, report: Report) -> Launched:
    """The network of the folder runs: made where there was none, revived where parts were missing.

    Args:
        folder: where it lives.
        plan: for a new one.
        report: told each step in a few words.

    Raises:
        AlreadyRunning: nothing was missing.
        ProgramMissing, PortInUse, NetworkBusy: nothing was started.
        StartFailed: a part did not start; what this call had started is stopped again.
    """
    with folder.locked():
        processes = Processes(folder.run, folder.logs)
        before = {entry.name for entry in processes.entries() if processes.find(entry.name)}
        try:
            return _launch(folder, processes, plan, report)
        except AlreadyRunning:
            raise
        except BaseException:
            started = [entry for entry in processes.entries() if entry.name not in before]
            stop_in_order(processes, started)
            raise


def find_missing(network: NetworkFile, processes: Processes) -> list[str]:
    """Names of the parts that should run and do not."""
    wanted = [ANVIL, RECORDER, *(validator.name for validator in network.validators)]
    return [name for name in wanted if processes.find(name) is None]


def _launch(
    folder: NetworkFolder, processes: Processes, plan: NetworkPlan, report: Report
) -> Launched:
    network = folder.read_network()
    anvil = find_anvil()
    if network is None:
        report("starting a chain and deploying the contracts")
        discard_unfinished(folder, processes)
        with ValidatorLauncher(processes) as launcher:
            network = found_network(folder, processes, anvil, plan)
            _start_recorder(folder, processes, network)
            _start_missing_validators(folder, processes, network, launcher, report)
        return Launched(network, was_new=True, unsettled=[])
    missing = find_missing(network, processes)
    if not missing:
        raise AlreadyRunning(str(folder.root), list_urls(network))
    report(f"starting what is missing: {', '.join(missing)}")
    with ValidatorLauncher(processes) as launcher:
        if ANVIL in missing:
            _revive_chain(folder, processes, network)
        if processes.find(RECORDER) is None:
            _start_recorder(folder, processes, network)
        _start_missing_validators(folder, processes, network, launcher, report)
    unsettled = asyncio.run(_settle(folder, network))
    return Launched(network, was_new=False, unsettled=unsettled)


def list_urls(network: NetworkFile) -> list[str]:
    """Where the network answers: explorers first, then the chain."""
    return [*(validator.url for validator in network.validators), *network.rpc_urls]


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
        asyncio.run(start_anvil(processes, find_anvil(), network.chain, blocks, clock))
        resend(connect(network.rpc_urls[0]), journal.read())


def _start_recorder(folder: NetworkFolder, processes: Processes, network: NetworkFile) -> None:
    url, log = format_url(network.chain.port), str(folder.chain_log.resolve())
    processes.start(
        RECORDER,
        [sys.executable, "-m", "tallystick.local.recorder", url, network.genesis_hash, log],
    )


def _start_missing_validators(
    folder: NetworkFolder,
    processes: Processes,
    network: NetworkFile,
    launcher: ValidatorLauncher,
    report: Report,
) -> None:
    missing = [entry for entry in network.validators if processes.find(entry.name) is None]
    if not missing:
        return
    report(f"starting {', '.join(validator.name for validator in missing)}")
    for validator in missing:
        write_settings(folder, network, validator)
    entries = [launcher.start(folder, validator) for validator in missing]
    asyncio.run(wait_until_ready(processes, missing, entries))


async def _settle(folder: NetworkFolder, network: NetworkFile) -> list[str]:
    rpc = Rpc(network.rpc_urls)
    try:
        return await settle_left_overs(rpc, read_identity(network), folder, SETTLE_PATIENCE_S)
    finally:
        await rpc.aclose()
