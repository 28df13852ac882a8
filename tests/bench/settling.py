"""Records a second through four validators: from the first frame sent to the last final cursor."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import httpx
from tests.bench.cpu import read_cpu_s
from tests.bench.load import LoadedMeter, create_load, sign_load
from tests.integration.node.nodes import NodeGroup
from tests.integration.settling import SettlingNetwork

from tallystick.chain.bindings.cursors import Cursors
from tallystick.chain.network import Network
from tallystick.chain.pages import PageReader
from tallystick.chain.reader import read_view
from tallystick.chain.rpc import Rpc
from tallystick.core.frames import encode_frame

FRAMES_PER_REQUEST: Final = 40
WAIT_BEFORE_RETRY_S: Final = 0.1
BETWEEN_LOOKS_S: Final = 0.02
PATIENCE_S: Final = 120.0


@dataclass(frozen=True, slots=True)
class Sending:
    """One meter's request bodies for its home, and the cursor that ends them."""

    meter: int
    url: str
    bodies: tuple[bytes, ...]
    records: int
    end_seq: int


@dataclass(frozen=True, slots=True)
class Settled:
    """What was settled, how long it took, and what it cost the chain."""

    records: int
    seconds: float
    gas: int
    batches: int
    cpu_us_per_record: Mapping[str, float]
    """By program: chain, validators (all together), load."""

    @property
    def records_per_s(self) -> float:
        """Settled a second."""
        return self.records / self.seconds

    @property
    def gas_per_record(self) -> float:
        """Of all settlement transactions, skipped ones included."""
        return self.gas / self.records


def prepare_sendings(
    group: NodeGroup, meters: Sequence[LoadedMeter], records_each: int, *, first_seq: int
) -> list[Sending]:
    """Everything that meters do before they send, done before the clock starts."""
    network = group.network
    sendings: list[Sending] = []
    for meter in meters:
        records = create_load(
            network.projects, records_each, newest_ms=time.time_ns() // 1_000_000, seed=meter.place
        )
        frames = sign_load(network, meter.place, records, first_seq=first_seq)
        bodies = tuple(
            b"".join(map(encode_frame, frames[start : start + FRAMES_PER_REQUEST]))
            for start in range(0, len(frames), FRAMES_PER_REQUEST)
        )
        sendings.append(
            Sending(
                network.meters[meter.place].id,
                group[meter.home].url,
                bodies,
                records_each,
                first_seq + records_each,
            )
        )
    return sendings


def settle_load(group: NodeGroup, sendings: Sequence[Sending]) -> Settled:
    """All frames are sent, each meter's in order, and every record is final on the chain."""
    return asyncio.run(_settle_load(group.network, sendings))


async def _settle_load(network: SettlingNetwork, sendings: Sequence[Sending]) -> Settled:
    rpc = Rpc([network.url])
    first_block = int(await rpc.call("eth_blockNumber"), 16) + 1
    cpu_before_s, began_s = read_cpu_s(), time.perf_counter()
    async with httpx.AsyncClient(timeout=PATIENCE_S, trust_env=False) as http:
        await asyncio.gather(*(_send(http, sending) for sending in sendings))
    await _wait_for_cursors(rpc, network.network, sendings)
    seconds, cpu_after_s = time.perf_counter() - began_s, read_cpu_s()
    gas, batches = await _count_gas(rpc, network.network, first_block)
    await rpc.aclose()
    records = sum(sending.records for sending in sendings)
    cpu_us = {
        name: (cpu_after_s[name] - cpu_before_s[name]) * 1e6 / records for name in cpu_before_s
    }
    return Settled(records, seconds, gas, batches, cpu_us)


async def _send(http: httpx.AsyncClient, sending: Sending) -> None:
    for body in sending.bodies:
        while True:
            answer = await http.post(f"{sending.url}/v1/frames", content=body)
            if answer.is_success:
                break
            assert answer.status_code in {429, 503}, answer.text
            await asyncio.sleep(WAIT_BEFORE_RETRY_S)


async def _wait_for_cursors(rpc: Rpc, network: Network, sendings: Sequence[Sending]) -> None:
    view = Cursors(network.addresses.cursors).cursors_of([sending.meter for sending in sendings])
    goal = [sending.end_seq for sending in sendings]
    async with asyncio.timeout(PATIENCE_S):
        while [cursor.next_seq for cursor in await read_view(rpc, view)] != goal:  # noqa: ASYNC110 - the chain wakes nobody
            await asyncio.sleep(BETWEEN_LOOKS_S)


async def _count_gas(rpc: Rpc, network: Network, first_block: int) -> tuple[int, int]:
    """Gas and transactions of the blocks since, which hold settlements only."""
    last_block = int(await rpc.call("eth_blockNumber"), 16)
    pages = PageReader(rpc, network, 1)
    headers = await pages.read_headers(range(first_block, last_block + 1))
    found = [header for header in headers if header is not None]
    return sum(header.gas_used for header in found), sum(header.transactions for header in found)
