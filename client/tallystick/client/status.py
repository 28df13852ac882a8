"""What runs, and how far it has come."""

from __future__ import annotations

import msgspec

from tallystick.client.meters import list_meters
from tallystick.client.reads import Reads
from tallystick.client.wire import Wire
from tallystick.local.processes import Processes


class ValidatorStatus(msgspec.Struct, frozen=True):
    """A validator as the folder knows it; pid and alive are None where it runs elsewhere."""

    name: str
    url: str
    pid: int | None
    alive: bool | None


class ChainNodeStatus(msgspec.Struct, frozen=True):
    """A node of the chain that runs on this machine; pid is None while it does not."""

    name: str
    url: str
    pid: int | None
    alive: bool


class MeterStatus(msgspec.Struct, frozen=True):
    """A meter: how many of its records have settled, and how many wait in this folder."""

    name: str
    id: int
    cursor: int
    spooled: int | None


class StatusView(msgspec.Struct, frozen=True):
    """A network that runs."""

    running: bool
    chain_id: int
    block: int
    rpc_url: str
    explorer_url: str | None
    ledger: str
    chain_nodes: list[ChainNodeStatus]
    validators: list[ValidatorStatus]
    meters: list[MeterStatus]
    records_settled: int
    records_quarantined: int
    batches: int
    gas_used: int


def read_status(wire: Wire, reads: Reads) -> StatusView:
    """The network's state as of now.

    Raises:
        ChainUnreachable: it is down.
    """
    block = int(wire.loop.run(wire.rpc.call("eth_blockNumber")), 16)
    validators = _list_validators(wire)
    alive = [validator for validator in validators if validator.alive is not False]
    totals = reads.totals()
    return StatusView(
        running=True,
        chain_id=wire.network.chain_id,
        block=block,
        rpc_url=wire.urls[0],
        explorer_url=alive[0].url if alive else None,
        ledger=wire.network.addresses.ledger,
        chain_nodes=_list_chain_nodes(wire),
        validators=validators,
        meters=[
            MeterStatus(meter.name, meter.id, meter.cursor, meter.spooled)
            for meter in list_meters(wire)
        ],
        records_settled=totals["records"] - totals["quarantined"],
        records_quarantined=totals["quarantined"],
        batches=totals["batches"],
        gas_used=totals["gas_used"],
    )


def _list_validators(wire: Wire) -> list[ValidatorStatus]:
    if not wire.has_folder:
        return _list_registered(wire)
    file = wire.folder.read_network()
    processes = Processes(wire.folder.run, wire.folder.logs)
    found = []
    for validator in file.validators if file is not None else []:
        entry = processes.find(validator.name)
        pid = entry.pid if entry is not None else None
        found.append(ValidatorStatus(validator.name, validator.url, pid, alive=pid is not None))
    return found


def _list_chain_nodes(wire: Wire) -> list[ChainNodeStatus]:
    """The chain's nodes, where it has several on this machine."""
    file = wire.folder.read_network() if wire.has_folder else None
    if file is None:
        return []
    processes = Processes(wire.folder.run, wire.folder.logs)
    entries = [(node, processes.find(node.name)) for node in file.nodes]
    return [
        ChainNodeStatus(
            node.name, node.rpc_url, None if entry is None else entry.pid, entry is not None
        )
        for node, entry in entries
    ]


def _list_registered(wire: Wire) -> list[ValidatorStatus]:
    """The validators that the chain names; whether they run is not for this machine to say."""
    version = wire.read(wire.validators.version_count())
    members, _ = wire.read(wire.validators.validators_of(version))
    return [ValidatorStatus(member.name, member.url, None, None) for member in members]
