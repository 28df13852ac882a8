"""What a local meter's sender needs of the chain: its cursors and the active validators."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import httpx

from tallystick.chain.bindings.cursors import Cursors
from tallystick.chain.bindings.validators import Validators
from tallystick.chain.errors import (
    AnswerMalformed,
    ChainUnreachable,
    RpcRefused,
    TransactionReverted,
)
from tallystick.chain.network import Network
from tallystick.chain.reader import read_view, read_views
from tallystick.chain.rpc import Rpc
from tallystick.core.settlement import Cursor
from tallystick.local.clock import NetworkClock
from tallystick.local.folder import NetworkFolder
from tallystick.meter.errors import DrainTimedOut, FolderLocked
from tallystick.meter.meter import Meter, open_meter
from tallystick.meter.ports import ValidatorEndpoint
from tallystick.meter.sender import FrameSender, SenderSettings

REFERENCE_AGE_S: Final = 0.5
"""Validators refer to blocks that they have known for a quarter of a second."""
SETTLED_FACT_S: Final = 3.0
"""A block this old is referred to by all who follow; its time is in whole seconds."""
HEAD_PATIENCE_S: Final = 10.0
HEAD_POLL_S: Final = 0.05


class ChainCursors:
    """Cursors as the chain's own endpoint states them; on a local chain every block is final."""

    def __init__(self, rpc: Rpc, network: Network) -> None:
        self._rpc = rpc
        self._cursors = Cursors(network.addresses.cursors)

    async def read_cursors(self, meters: Sequence[int]) -> dict[int, Cursor]:
        """The cursor of each meter.

        Raises:
            ChainUnreachable: no endpoint answered, or one that cannot know: a node that is catching
                up lacks the contracts or their state, and says so in ways of its own.
        """
        try:
            found = await read_view(self._rpc, self._cursors.cursors_of(meters))
        except (AnswerMalformed, RpcRefused, TransactionReverted) as error:
            raise ChainUnreachable(
                "the chain node does not know where meters stand", actual=error.message
            ) from error
        return dict(zip(meters, found, strict=True))


class FixedDirectory:
    """The validators as they were when the sender started."""

    def __init__(self, endpoints: Sequence[ValidatorEndpoint]) -> None:
        self._endpoints = tuple(endpoints)

    def validators(self) -> Sequence[ValidatorEndpoint]:
        """All of them, by index."""
        return self._endpoints


async def load_directory(rpc: Rpc, network: Network, clock: NetworkClock) -> FixedDirectory:
    """The validators in force now, as the chain names them."""
    contract = Validators(network.addresses.validators)
    version = await read_view(rpc, contract.version_at(clock()))
    _, [(members, _)] = await read_views(rpc, [contract.validators_of(version)])
    return FixedDirectory(
        [
            ValidatorEndpoint(index, member.name, member.url.rstrip("/"), member.transport_key)
            for index, member in enumerate(members)
        ]
    )


def create_meter_sender(
    rpc: Rpc,
    network: Network,
    directory: FixedDirectory,
    meter: Meter,
    http: httpx.AsyncClient,
    settings: SenderSettings | None = None,
) -> FrameSender:
    """Brings the meter's records to the network's validators while it runs."""
    return FrameSender(meter, ChainCursors(rpc, network), directory, http, settings=settings)


async def wait_until_known(
    rpc: Rpc, http: httpx.AsyncClient, directory: FixedDirectory, clock: NetworkClock
) -> None:
    """What the chain announced up to now counts in every verdict from here on.

    A verdict goes by a block that its proposer has known for a moment. Use of an account that was
    created just before would be quarantined as nobody's, for good.
    """
    head = await rpc.call("eth_getBlockByNumber", "latest", False)
    number, age_s = int(head["number"], 16), clock() / 1_000 - int(head["timestamp"], 16)
    await asyncio.gather(
        *(_wait_for_head(http, each.url, number) for each in directory.validators())
    )
    if age_s < SETTLED_FACT_S:
        await asyncio.sleep(REFERENCE_AGE_S)


async def _wait_for_head(http: httpx.AsyncClient, url: str, number: int) -> None:
    """The validator has followed the chain up to a block, or cannot be asked."""
    deadline = time.monotonic() + HEAD_PATIENCE_S
    while time.monotonic() < deadline:
        try:
            status = (await http.get(f"{url}/v1/status")).json()
        except (httpx.HTTPError, ValueError):
            return
        if status.get("head", number) >= number:
            return
        await asyncio.sleep(HEAD_POLL_S)


def list_meter_folders(folder: NetworkFolder) -> list[Path]:
    """The folders of the meters registered from here, by name."""
    return sorted(path.parent for path in (folder.root / "meters").glob("*/meter.json"))


async def settle_left_overs(
    rpc: Rpc, network: Network, folder: NetworkFolder, patience_s: float
) -> list[str]:
    """What local meters had acknowledged is settled, also where the chain lost it again.

    Returns:
        Names of meters with records that did not settle in time, or that other programs use.
    """
    unsettled: list[str] = []
    clock = NetworkClock(folder.clock_file)
    async with httpx.AsyncClient(timeout=10.0, trust_env=False) as http:
        for path in list_meter_folders(folder):
            try:
                with open_meter(path) as meter:
                    await _settle_meter(rpc, network, meter, http, patience_s, clock)
            except (DrainTimedOut, FolderLocked):
                unsettled.append(path.name)
    return unsettled


async def _settle_meter(
    rpc: Rpc,
    network: Network,
    meter: Meter,
    http: httpx.AsyncClient,
    patience_s: float,
    clock: NetworkClock,
) -> None:
    cursors = await ChainCursors(rpc, network).read_cursors([meter.id])
    if cursors[meter.id].next_seq >= meter.journal.next_seq:
        return
    directory = await load_directory(rpc, network, clock)
    await wait_until_known(rpc, http, directory, clock)
    sender = create_meter_sender(rpc, network, directory, meter, http)
    async with sender.running():
        await sender.drain(patience_s)
