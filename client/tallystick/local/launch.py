"""`up`: a whole network on this machine, started or revived."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tallystick.chain.rpc import Rpc
from tallystick.local.engine import Engine
from tallystick.local.engines import find_engine, require_engine
from tallystick.local.errors import AlreadyRunning, EngineUnknown
from tallystick.local.folder import NetworkFile, NetworkFolder, read_identity
from tallystick.local.founding import NetworkPlan, discard_unfinished, found_network
from tallystick.local.meters import settle_left_overs
from tallystick.local.names import ANVIL
from tallystick.local.processes import Processes
from tallystick.local.shutdown import stop_in_order
from tallystick.local.validators import ValidatorLauncher, wait_until_ready, write_settings

SETTLE_PATIENCE_S: Final = 60.0

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


def find_missing(network: NetworkFile, engine: Engine, processes: Processes) -> list[str]:
    """Names of the parts that should run and do not."""
    wanted = [
        *engine.list_processes(network),
        *(validator.name for validator in network.validators),
    ]
    return [name for name in wanted if processes.find(name) is None]


def _launch(
    folder: NetworkFolder, processes: Processes, plan: NetworkPlan, report: Report
) -> Launched:
    network = folder.read_network()
    if network is None:
        engine = find_engine(plan.engine or ANVIL)
        engine.find_programs()
        return Launched(_found(folder, processes, engine, plan, report), was_new=True, unsettled=[])
    engine = require_engine(network)
    if plan.engine not in (None, engine.name):
        raise EngineUnknown(
            "the folder's network runs on another engine", expected=engine.name, actual=plan.engine
        )
    missing = find_missing(network, engine, processes)
    if not missing:
        raise AlreadyRunning(str(folder.root), list_urls(network))
    engine.find_programs()
    report(f"starting what is missing: {', '.join(missing)}")
    with ValidatorLauncher(processes) as launcher:
        engine.revive(folder, processes, network)
        _start_missing_validators(folder, processes, network, launcher, report)
    unsettled = asyncio.run(_settle(folder, network))
    return Launched(network, was_new=False, unsettled=unsettled)


def _found(
    folder: NetworkFolder,
    processes: Processes,
    engine: Engine,
    plan: NetworkPlan,
    report: Report,
) -> NetworkFile:
    report("starting a chain and deploying the contracts")
    discard_unfinished(folder, processes)
    with ValidatorLauncher(processes) as launcher:
        network = found_network(folder, processes, engine, plan)
        engine.revive(folder, processes, network)
        _start_missing_validators(folder, processes, network, launcher, report)
    return network


def list_urls(network: NetworkFile) -> list[str]:
    """Where the network answers: explorers first, then the chain."""
    return [*(validator.url for validator in network.validators), *network.rpc_urls]


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
