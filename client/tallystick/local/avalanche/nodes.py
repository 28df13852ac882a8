"""Nodes of a chain that was founded: started again, each by itself, and waited for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from tallystick.chain.errors import ChainUnreachable, RpcRefused
from tallystick.chain.rpc import Rpc
from tallystick.local.avalanche.databases import free_databases
from tallystick.local.avalanche.founding import link_log
from tallystick.local.avalanche.programs import MACHINE_ID, NODE_ENVIRONMENT, AvalanchePrograms
from tallystick.local.errors import StartFailed
from tallystick.local.folder import ChainNodeEntry
from tallystick.local.ports import check_port_free
from tallystick.local.processes import ProcessEntry, Processes

START_PATIENCE_S: Final = 90.0
CLOSE_PATIENCE_S: Final = 10.0
"""For what is left of a node that was killed; then it is ended."""
POLL_S: Final = 0.1


def compute_command(programs: AvalanchePrograms, node: ChainNodeEntry) -> list[str]:
    """The command line of one node; everything but the place of its plugins is in its flags."""
    return [str(programs.node), "--config-file", node.flags, "--plugin-dir", str(programs.plugins)]


def start_node(
    processes: Processes, programs: AvalanchePrograms, node: ChainNodeEntry
) -> ProcessEntry:
    """The node's process runs; it answers once it has caught up with the others.

    Raises:
        PortInUse: its port belongs to somebody else.
        StartFailed: its databases do.
    """
    data, port = Path(node.flags).parent, urlsplit(node.rpc_url).port
    if port is not None:
        check_port_free(port, node.name)
    if not free_databases(data, MACHINE_ID, CLOSE_PATIENCE_S):
        raise StartFailed(
            f"another process has the databases of {node.name} open",
            expected=f"nobody to use {data}",
            actual="a node that another program started",
        )
    link_log(processes.logs / f"{node.name}.log", data)
    return processes.start(node.name, compute_command(programs, node), environment=NODE_ENVIRONMENT)


async def wait_until_answering(
    nodes: Sequence[ChainNodeEntry],
    processes: Processes,
    *,
    patience_s: float = START_PATIENCE_S,
) -> None:
    """Every one of the nodes answers requests about the chain.

    Args:
        nodes: started before; more than half of the chain's must run, or none ever answers.
        processes: of the network.
        patience_s: for all of them together.

    Raises:
        StartFailed: one ended, or stayed silent.
    """
    deadline = time.monotonic() + patience_s
    await asyncio.gather(*(_wait_for(node, processes, deadline) for node in nodes))


async def _wait_for(node: ChainNodeEntry, processes: Processes, deadline: float) -> None:
    rpc = Rpc([node.rpc_url])
    try:
        while not await is_answering(rpc):
            if processes.find(node.name) is None or time.monotonic() > deadline:
                raise StartFailed(
                    f"{node.name} did not start",
                    expected=f"an answer from {node.rpc_url}",
                    actual=f"see {processes.logs / f'{node.name}.log'}",
                )
            await asyncio.sleep(POLL_S)
    finally:
        await rpc.aclose()


async def is_answering(rpc: Rpc) -> bool:
    """Whether the node serves the chain; while it catches up it refuses."""
    try:
        await rpc.call("eth_blockNumber")
    except (ChainUnreachable, RpcRefused):
        return False
    return True
