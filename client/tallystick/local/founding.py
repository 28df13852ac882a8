"""A network on this machine from nothing: keys, ports, a fresh chain, contracts."""

from __future__ import annotations

import secrets
import shutil
import time
from dataclasses import asdict, dataclass
from typing import Final

from eth_account import Account
from eth_account.signers.local import LocalAccount

from tallystick.chain.config import NetworkConfig, load_network_config, load_tariff_config
from tallystick.chain.deploy import deploy_network
from tallystick.chain.network import Network
from tallystick.chain.reader import connect
from tallystick.chain.transact import TransactionSender
from tallystick.chain.wiring import Founding, Seat
from tallystick.local.engine import ChainPlan, Engine, FoundedChain
from tallystick.local.folder import FORMAT, NetworkFile, NetworkFolder, ValidatorEntry
from tallystick.local.names import AVALANCHE
from tallystick.local.ports import check_port_free, find_free_ports, format_url
from tallystick.local.processes import Processes
from tallystick.local.roles import CHAIN_MANAGER, GUARDIAN, REGISTRAR, name_seat
from tallystick.local.secrets import create_keys, ensure_key, load_validator_keys
from tallystick.local.transactions import TransactionJournal
from tallystick.local.validators import name_validators

OUTSIDE_ORGANISATIONS: Final = 1 << 32
"""Account ids are given from 1 on; seats speak for the last ones, so that they may vote on appeals
of every organisation that is founded here."""


@dataclass(frozen=True)
class NetworkPlan:
    """What a caller may choose about a new network.

    The chain takes `port` and the next ones, validators those after them. None = any free ports.
    `engine` names what runs the chain; None = anvil, or what the folder's network runs on.
    """

    validators: int = 4
    port: int | None = None
    engine: str | None = None


def found_network(
    folder: NetworkFolder, processes: Processes, engine: Engine, plan: NetworkPlan
) -> NetworkFile:
    """A chain runs that holds the network's contracts, the folder says so, no validator runs yet.

    Raises:
        PortInUse: one of the plan's ports is taken.
        StartFailed: the chain did not start.
        DeploymentFailed: what was deployed is not what was configured.
    """
    config = load_network_config(engine.config)
    folder.create()
    names = name_validators(plan.validators)
    create_keys(folder, names)
    chain_ports, node_ports = _choose_ports(plan, engine.count_ports(config.chain))
    validators = [
        ValidatorEntry(name, index, format_url(port))
        for index, (name, port) in enumerate(zip(names, node_ports, strict=True))
    ]
    founding = _decide(folder, validators)
    deployer: LocalAccount = Account.create()
    chain = engine.found(
        folder, processes, _plan_chain(folder, config, chain_ports, founding, deployer)
    )
    network = _deploy(folder, chain.rpc_urls[0], deployer, founding, config)
    engine.secure(folder, chain)
    file = _describe(network, engine, config, chain, validators)
    folder.write_network(file)
    return file


def discard_unfinished(folder: NetworkFolder, processes: Processes) -> None:
    """Nothing is left of a network that was never completed."""
    processes.stop(processes.entries())
    folder.clock_file.unlink(missing_ok=True)
    for path in (folder.chain, folder.root / "nodes", folder.logs):
        shutil.rmtree(path, ignore_errors=True)


def _choose_ports(plan: NetworkPlan, chain_ports: int) -> tuple[list[int], list[int]]:
    """The chain's ports and the validators'."""
    count = chain_ports + plan.validators
    if plan.port is None:
        ports = find_free_ports(count)
    else:
        ports = list(range(plan.port, plan.port + count))
        purposes = ["the chain"] * chain_ports + name_validators(plan.validators)
        for port, purpose in zip(ports, purposes, strict=True):
            check_port_free(port, purpose)
    return ports[:chain_ports], ports[chain_ports:]


def _plan_chain(
    folder: NetworkFolder,
    config: NetworkConfig,
    ports: list[int],
    founding: Founding,
    deployer: LocalAccount,
) -> ChainPlan:
    """Whoever has something to send when the network begins may do so; others are let in later."""
    people = (founding.registrar, founding.guardian, *(seat.holder for seat in founding.seats))
    senders = (validator.sender for validator in founding.validators)
    return ChainPlan(
        chain=config.chain,
        ports=tuple(ports),
        manager=ensure_key(folder, CHAIN_MANAGER) if _asks_who_sends(config) else "",
        senders=(str(deployer.address).lower(), *people, *senders),
        time_s=int(time.time()),
    )


def _asks_who_sends(config: NetworkConfig) -> bool:
    """Whether the chain takes transactions of those alone who were let in."""
    return config.engine == AVALANCHE


def _deploy(
    folder: NetworkFolder,
    url: str,
    deployer: LocalAccount,
    founding: Founding,
    config: NetworkConfig,
) -> Network:
    """By a key that is never written down: it is worth nothing once the network is handed over."""
    sender = TransactionSender(
        connect(url),
        deployer,
        journal=TransactionJournal(folder.transactions),
        gas_price_wei=config.chain.gas_price_wei,
    )
    return deploy_network(connect(url), sender, founding, config, load_tariff_config())


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


def _describe(
    network: Network,
    engine: Engine,
    config: NetworkConfig,
    chain: FoundedChain,
    validators: list[ValidatorEntry],
) -> NetworkFile:
    return NetworkFile(
        format=FORMAT,
        engine=engine.name,
        config=engine.config,
        chain_id=network.chain_id,
        rpc_urls=chain.rpc_urls,
        gas_price_wei=config.chain.gas_price_wei,
        ledger=network.addresses.ledger,
        addresses=asdict(network.addresses),
        network_id=network.network_id.hex(),
        genesis_hash=network.genesis_hash,
        chain=chain.chain,
        nodes=chain.nodes,
        validators=validators,
        created_at_ms=int(time.time() * 1_000),
    )
