"""Records a second and settlement latency on a running network, through its own validators.

Everything is signed before the clock starts, by meters spread over the validators as their homes.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any, Final

import httpx
from nacl.signing import SigningKey
from tests.bench.load import LoadedMeter, assign_meters, create_load, sign_load
from tests.bench.settling import BETWEEN_LOOKS_S, FRAMES_PER_REQUEST, WAIT_BEFORE_RETRY_S, Sending
from tests.integration.settling import MeterKeys, SettlingNetwork
from tests.network.ground import load_keys

from tallystick.chain.bindings.budgets import Budgets
from tallystick.chain.bindings.cursors import Cursors
from tallystick.chain.bindings.onboarding import Onboarding
from tallystick.chain.bindings.registry import Registry
from tallystick.chain.config import load_network_config
from tallystick.chain.keys import load_chain_key
from tallystick.chain.reader import connect, read_view
from tallystick.chain.rpc import Rpc
from tallystick.chain.transact import TransactionSender
from tallystick.core.frames import encode_frame
from tallystick.local.folder import NetworkFolder, read_identity
from tallystick.local.roles import GUARDIAN, REGISTRAR

PROJECTS: Final = 50
REGISTERED_METERS: Final = 32
LIMIT_UCR: Final = 10**15
PATIENCE_S: Final = 240.0
LOOK_S: Final = 0.05


@dataclass(frozen=True)
class Field:
    """A network with an organisation made for measuring on it."""

    net: SettlingNetwork
    urls: tuple[str, ...]
    """Of the validators, by index."""
    meters: tuple[LoadedMeter, ...]


@dataclass(frozen=True, slots=True)
class BlockOfRecords:
    """A block that settled something.

    Attributes:
        time_s: when it was made.
        records: settled up to and with it.
        gas: used in it.
        size: in bytes.
        settlements: transactions in it.
    """

    time_s: float
    records: int
    gas: int
    size: int
    settlements: int


@dataclass(frozen=True, slots=True)
class Throughput:
    """What was settled, from the first block with a settlement to the last."""

    records: int
    seconds: float
    blocks: tuple[BlockOfRecords, ...]

    @property
    def settled_per_s(self) -> float:
        """Between the first of the blocks and the last, the first one's own records left out."""
        first, last = self.blocks[0], self.blocks[-1]
        return (last.records - first.records) / (last.time_s - first.time_s)

    @property
    def block_s(self) -> float:
        """From one block with settlements to the next, the median."""
        times = [block.time_s for block in self.blocks]
        return median(later - earlier for earlier, later in pairwise(times))

    @property
    def settlements_per_block(self) -> float:
        """The median of blocks."""
        return median(block.settlements for block in self.blocks)

    @property
    def gas_per_record(self) -> float:
        """Of all blocks together."""
        return sum(block.gas for block in self.blocks) / self.blocks[-1].records

    @property
    def bytes_per_record(self) -> float:
        """Of all blocks together."""
        return sum(block.size for block in self.blocks) / self.blocks[-1].records


def open_field(path: Path) -> Field:
    """The network in a folder, with fifty limited projects and meters of an organisation's own.

    Args:
        path: of a network that runs.
    """
    folder = NetworkFolder(path)
    network = folder.read_network()
    assert network is not None, f"no network in {path}"
    w3 = connect(network.rpc_urls[0])
    registrar, guardian = (
        TransactionSender(
            w3, load_chain_key(folder.role_key(role)), gas_price_wei=network.gas_price_wei
        )
        for role in (REGISTRAR, GUARDIAN)
    )
    net = SettlingNetwork(
        url=network.rpc_urls[0],
        w3=w3,
        network=read_identity(network),
        registrar=registrar,
        guardian=guardian,
        seats=(),
        validators=load_keys(folder, network),
        organisation=0,
        projects=(),
        meters=(),
    )
    _admit_organisation(net, network.config)
    chosen, _ = assign_meters(net)
    return Field(net, tuple(each.url for each in network.validators), tuple(chosen))


def _admit_organisation(net: SettlingNetwork, config: str) -> None:
    """The network knows an organisation with limited projects and meters, in a few blocks."""
    who, addresses = net.registrar, net.network.addresses
    registry, budgets = Registry(addresses.registry), Budgets(addresses.budgets)
    name = f"load-{secrets.token_hex(4)}"
    admit = Onboarding(addresses.onboarding).admit(name, who.address, who.address)
    net.organisation = who.send(admit).outcome
    team = who.send(registry.create_account(net.organisation, "team", who.address)).outcome
    created = who.send_all(
        [registry.create_account(team, f"project-{n}", who.address) for n in range(PROJECTS)]
    )
    net.projects = tuple(each.outcome for each in created)
    who.send_all([budgets.grant(project, LIMIT_UCR // 1_000) for project in net.projects])
    who.send_all([budgets.set_budget(project, limit_ucr=LIMIT_UCR) for project in net.projects])
    keys = [SigningKey(secrets.token_bytes(32)) for _ in range(REGISTERED_METERS)]
    bounds = load_network_config(config).meter_bounds
    registered = who.send_all(
        [
            registry.register_meter(net.organisation, f"meter-{n}", bytes(key.verify_key), bounds)
            for n, key in enumerate(keys)
        ]
    )
    net.meters = tuple(
        MeterKeys(each.outcome, key) for each, key in zip(registered, keys, strict=True)
    )


def measure_disk(path: Path) -> int:
    """Bytes that the first chain node's files take.

    Args:
        path: of a network whose chain has nodes of its own.
    """
    folder = NetworkFolder(path).chain / "chain-1" / "chainData"
    return sum(file.stat().st_blocks * 512 for file in folder.rglob("*") if file.is_file())


def prepare(field: Field, records_each: int, *, first_seq: int) -> list[Sending]:
    """Every chosen meter's request bodies, signed."""
    return [_prepare_one(field, meter, records_each, first_seq) for meter in field.meters]


def _prepare_one(field: Field, meter: LoadedMeter, count: int, first_seq: int) -> Sending:
    net = field.net
    newest_ms = time.time_ns() // 1_000_000
    records = create_load(net.projects, count, newest_ms=newest_ms, seed=meter.place)
    frames = sign_load(net, meter.place, records, first_seq=first_seq)
    bodies = tuple(
        b"".join(map(encode_frame, frames[start : start + FRAMES_PER_REQUEST]))
        for start in range(0, len(frames), FRAMES_PER_REQUEST)
    )
    meter_id, url = net.meters[meter.place].id, field.urls[meter.home]
    return Sending(meter_id, url, bodies, count, first_seq + count)


async def measure_throughput(field: Field, sendings: Sequence[Sending]) -> Throughput:
    """Everything is sent at once and has settled."""
    rpc = Rpc([field.net.url], timeout_s=30.0)
    try:
        first = int(await rpc.call("eth_blockNumber"), 16)
        began_s = time.perf_counter()
        async with httpx.AsyncClient(timeout=PATIENCE_S, trust_env=False) as http:
            await asyncio.gather(*(_send(http, sending) for sending in sendings))
        await _wait_for_ends(rpc, field, sendings)
        seconds = time.perf_counter() - began_s
        blocks = await _read_blocks(rpc, field, sendings, first)
    finally:
        await rpc.aclose()
    return Throughput(sum(sending.records for sending in sendings), seconds, tuple(blocks))


async def _send(http: httpx.AsyncClient, sending: Sending) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    for body in sending.bodies:
        while not (answer := await _post(http, sending.url, body)).is_success:
            # A validator that has not heard of the meter yet refuses it; one that is full says so.
            assert time.monotonic() < deadline_s, answer.text
            await asyncio.sleep(WAIT_BEFORE_RETRY_S)


async def _post(http: httpx.AsyncClient, url: str, body: bytes) -> httpx.Response:
    return await http.post(f"{url}/v1/frames", content=body)


async def _wait_for_ends(rpc: Rpc, field: Field, sendings: Sequence[Sending]) -> None:
    goal = [sending.end_seq for sending in sendings]
    async with asyncio.timeout(PATIENCE_S):
        while await _read_cursors(rpc, field, sendings) != goal:  # noqa: ASYNC110 - the chain wakes nobody
            await asyncio.sleep(BETWEEN_LOOKS_S)


async def _read_cursors(
    rpc: Rpc, field: Field, sendings: Sequence[Sending], block: int | str = "latest"
) -> list[int]:
    meters = [sending.meter for sending in sendings]
    view = Cursors(field.net.network.addresses.cursors).cursors_of(meters)
    return [cursor.next_seq for cursor in await read_view(rpc, view, block=block)]


async def _read_blocks(
    rpc: Rpc, field: Field, sendings: Sequence[Sending], before: int
) -> list[BlockOfRecords]:
    """The blocks after number `before` in which cursors moved."""
    start = sum(await _read_cursors(rpc, field, sendings, before))
    found: list[BlockOfRecords] = []
    for number in range(before + 1, int(await rpc.call("eth_blockNumber"), 16) + 1):
        settled = sum(await _read_cursors(rpc, field, sendings, number)) - start
        if settled > (found[-1].records if found else 0):
            header = await rpc.call("eth_getBlockByNumber", hex(number), False)
            found.append(_describe_block(header, settled))
    return found


def _describe_block(header: dict[str, Any], settled: int) -> BlockOfRecords:
    milliseconds = header.get("timestampMilliseconds")
    time_s = int(milliseconds, 16) / 1000 if milliseconds else float(int(header["timestamp"], 16))
    return BlockOfRecords(
        time_s,
        settled,
        int(header["gasUsed"], 16),
        int(header["size"], 16),
        len(header["transactions"]),
    )


async def measure_latency(
    field: Field, *, frames: int, records: int, pause_s: float, first_seq: int
) -> float:
    """Seconds from a frame's acknowledgement to its last record in a final block, the median.

    Args:
        field: an otherwise idle network.
        frames: how many, one after the other, from one meter.
        records: in each.
        pause_s: from one to the next.
        first_seq: the meter's next.
    """
    meter = field.meters[0]
    net, url = field.net, field.urls[meter.home]
    newest_ms = time.time_ns() // 1_000_000
    load = create_load(net.projects, frames * records, newest_ms=newest_ms, seed=first_seq)
    bodies = [
        encode_frame(
            net.sign(
                load[place * records : (place + 1) * records],
                first_seq=first_seq + place * records,
                meter=meter.place,
            )
        )
        for place in range(frames)
    ]
    acknowledged: dict[int, float] = {}
    rpc = Rpc([net.url], timeout_s=30.0)
    try:
        async with httpx.AsyncClient(timeout=PATIENCE_S, trust_env=False) as http:
            sent = asyncio.create_task(
                _send_slowly(http, url, bodies, first_seq, records, pause_s, acknowledged)
            )
            found = await _watch(rpc, field, meter, acknowledged, frames)
            await sent
    finally:
        await rpc.aclose()
    return median(found)


async def _send_slowly(
    http: httpx.AsyncClient,
    url: str,
    bodies: Sequence[bytes],
    first_seq: int,
    records: int,
    pause_s: float,
    acknowledged: dict[int, float],
) -> None:
    for place, body in enumerate(bodies, start=1):
        answer = await _post(http, url, body)
        assert answer.is_success, answer.text
        acknowledged[first_seq + place * records] = time.perf_counter()
        await asyncio.sleep(pause_s)


async def _watch(
    rpc: Rpc, field: Field, meter: LoadedMeter, acknowledged: dict[int, float], frames: int
) -> list[float]:
    """Seconds from acknowledgement to settlement of every frame."""
    view = Cursors(field.net.network.addresses.cursors).cursors_of(
        [field.net.meters[meter.place].id]
    )
    latencies: dict[int, float] = {}
    async with asyncio.timeout(PATIENCE_S):
        while len(latencies) < frames:
            cursor = (await read_view(rpc, view))[0].next_seq
            now_s = time.perf_counter()
            for end, at_s in list(acknowledged.items()):
                if end <= cursor and end not in latencies:
                    latencies[end] = now_s - at_s
            await asyncio.sleep(LOOK_S)
    return list(latencies.values())
