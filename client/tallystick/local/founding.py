"""A local network from nothing: keys, ports, a fresh chain, contracts."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from eth_account import Account

from tallystick.chain.config import load_network_config, load_tariff_config
from tallystick.chain.deploy import deploy_network
from tallystick.chain.network import Network
from tallystick.chain.reader import connect
from tallystick.chain.rpc import Rpc
from tallystick.chain.transact import TransactionSender
from tallystick.chain.wiring import Founding, Seat
from tallystick.local.anvil import format_url, start_anvil
from tallystick.local.chain_log import ChainLog
from tallystick.local.clock import NetworkClock
from tallystick.local.folder import (
    FORMAT,
    ChainEntry,
    NetworkFile,
    NetworkFolder,
    ValidatorEntry,
)
from tallystick.local.ports import check_port_free, find_free_ports
from tallystick.local.processes import Processes
from tallystick.local.recorder import Recorder
from tallystick.local.roles import GUARDIAN, REGISTRAR, name_seat
from tallystick.local.secrets import create_keys, ensure_key, load_validator_keys
from tallystick.local.transactions import TransactionJournal
from tallystick.local.validators import name_validators

ENGINE: Final = "anvil"
OUTSIDE_ORGANISATIONS: Final = 1 << 32
"""Account ids are given from 1 on; seats speak for the last ones, so that they may vote on appeals
of every organisation that is founded here."""


@dataclass(frozen=True)
class NetworkPlan:
    """What a caller may choose about a new network.

    `port` is the chain's; validators take the ports after it. None = any free ports.
    """

    validators: int = 4
    port: int | None = None


def found_network(
    folder: NetworkFolder, processes: Processes, anvil: Path, plan: NetworkPlan
) -> NetworkFile:
    """A chain runs that holds the network's contracts, the folder says so, no validator runs yet.

    Raises:
        PortInUse: one of the plan's ports is taken.
        StartFailed: the chain did not start.
        DeploymentFailed: what was deployed is not what was configured.
    """
    folder.create()
    names = name_validators(plan.validators)
    create_keys(folder, names)
    chain_port, *node_ports = _choose_ports(plan)
    validators = [
        ValidatorEntry(name, index, format_url(port))
        for index, (name, port) in enumerate(zip(names, node_ports, strict=True))
    ]
    chain = ChainEntry(chain_port, load_network_config(ENGINE_CONFIG).chain.id, int(time.time()))
    asyncio.run(start_anvil(processes, anvil, chain, [], NetworkClock(None)))
    network = _deploy(folder, format_url(chain.port), validators)
    asyncio.run(record_once(format_url(chain.port), folder.chain_log))
    file = _describe(network, chain, validators)
    folder.write_network(file)
    return file


ENGINE_CONFIG: Final = "local"


def discard_unfinished(folder: NetworkFolder, processes: Processes) -> None:
    """Nothing is left of a network that was never completed."""
    processes.stop(processes.entries())
    folder.clock_file.unlink(missing_ok=True)
    for path in (folder.chain, folder.root / "nodes", folder.logs):
        shutil.rmtree(path, ignore_errors=True)


async def record_once(url: str, path: Path) -> None:
    """The chain's log holds everything that the chain holds now."""
    rpc, log = Rpc([url]), ChainLog(path)
    try:
        await Recorder(rpc, log).catch_up()
    finally:
        log.close()
        await rpc.aclose()


def _choose_ports(plan: NetworkPlan) -> list[int]:
    if plan.port is None:
        return find_free_ports(plan.validators + 1)
    ports = list(range(plan.port, plan.port + plan.validators + 1))
    for port, purpose in zip(ports, ["the chain", *name_validators(plan.validators)], strict=True):
        check_port_free(port, purpose)
    return ports


def _deploy(folder: NetworkFolder, url: str, validators: list[ValidatorEntry]) -> Network:
    """By a key that is never written down: it is worth nothing once the network is handed over."""
    deployer = TransactionSender(
        connect(url), Account.create(), journal=TransactionJournal(folder.transactions)
    )
    return deploy_network(
        connect(url),
        deployer,
        _decide(folder, validators),
        load_network_config(ENGINE_CONFIG),
        load_tariff_config(),
    )


def _decide(folder: NetworkFolder, validators: list[ValidatorEntry]) -> Founding:
    """Every validator's member has a seat; none of them is an organisation of the ledger."""
    seats = [
        Seat(ensure_key(folder, name_seat(number)), OUTSIDE_ORGANISATIONS - number)
        for number in range(1, len(validators) + 1)
    ]
    return Founding(
        network_id=secrets.token_bytes(32),
        validators=tuple(
            load_validator_keys(folder, validator.name).describe(validator.name, validator.url)
            for validator in validators
        ),
        registrar=ensure_key(folder, REGISTRAR),
        guardian=ensure_key(folder, GUARDIAN),
        seats=tuple(seats),
    )


def _describe(network: Network, chain: ChainEntry, validators: list[ValidatorEntry]) -> NetworkFile:
    return NetworkFile(
        format=FORMAT,
        engine=ENGINE,
        chain_id=network.chain_id,
        rpc_urls=[format_url(chain.port)],
        ledger=network.addresses.ledger,
        addresses=asdict(network.addresses),
        network_id=network.network_id.hex(),
        genesis_hash=network.genesis_hash,
        chain=chain,
        validators=validators,
        created_at_ms=int(time.time() * 1_000),
    )
