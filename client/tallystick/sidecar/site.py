"""A network as programs beside applications reach it: by its folder, without anybody's role key."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from tallystick.chain.network import Network
from tallystick.chain.rpc import Rpc
from tallystick.local.clock import NetworkClock
from tallystick.local.errors import NotRunning
from tallystick.local.folder import NetworkFolder, read_identity
from tallystick.local.tokens import load_tokens
from tallystick.sidecar.clock import SiteClock
from tallystick.sidecar.directory import NetworkDirectory
from tallystick.sidecar.following import DirectoryFollower

REQUEST_TIMEOUT_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Site:
    """One network, reachable; open while `open_site` is.

    `http` is for validators, never for providers.
    """

    folder: NetworkFolder
    network: Network
    rpc: Rpc
    clock: SiteClock
    """Unix ms on the network."""
    directory: NetworkDirectory
    """Read once, and followed from then on."""
    http: httpx.AsyncClient


@asynccontextmanager
async def open_site(path: Path) -> AsyncIterator[Site]:
    """The network whose folder is `path`, its directory followed inside the block.

    Raises:
        NotRunning: no network was ever started there.
        ChainUnreachable: its chain does not answer.
    """
    folder = NetworkFolder(path)
    file = folder.read_network()
    if file is None:
        raise NotRunning(str(path), why="there is no network in this folder")
    clock = SiteClock(NetworkClock(folder.clock_file))
    network, rpc = read_identity(file), Rpc(file.rpc_urls)
    rpc.require_chain(network.chain_id, network.genesis_hash)
    directory = NetworkDirectory(clock)
    follower = DirectoryFollower(rpc, network, directory)
    async with httpx.AsyncClient(
        timeout=REQUEST_TIMEOUT_S, trust_env=False, auth=load_tokens(folder)
    ) as http:
        try:
            await follower.poll()
            following = asyncio.create_task(follower.follow())
            try:
                yield Site(folder, network, rpc, clock, directory, http)
            finally:
                following.cancel()
                with suppress(asyncio.CancelledError):
                    await following
        finally:
            await rpc.aclose()
