"""The engine of rehearsals: several nodes that agree on every block, and ask who sends."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from tallystick.chain.config import Chain
from tallystick.local.avalanche.founding import found_chain
from tallystick.local.avalanche.genesis import compute_chain_settings, compute_genesis
from tallystick.local.avalanche.nodes import start_node, wait_until_answering
from tallystick.local.avalanche.programs import find_avalanche
from tallystick.local.engine import ChainPlan, FoundedChain
from tallystick.local.folder import NetworkFile, NetworkFolder
from tallystick.local.names import AVALANCHE
from tallystick.local.processes import Processes

PORTS_PER_NODE: Final = 2
"""For requests, and for the other nodes."""


class AvalancheEngine:
    """Nodes that keep their blocks themselves: whatever was final stays so."""

    name = AVALANCHE
    config = AVALANCHE

    def find_programs(self) -> str:
        """Where the programs lie; see `find_avalanche`."""
        return str(find_avalanche().node.parent)

    def count_ports(self, chain: Chain) -> int:
        """Two for every node."""
        return PORTS_PER_NODE * chain.nodes

    def found(self, folder: NetworkFolder, processes: Processes, plan: ChainPlan) -> FoundedChain:
        """Every node runs, and the chain between them has nothing but its genesis block."""
        requests, others = plan.ports[: plan.chain.nodes], plan.ports[plan.chain.nodes :]
        nodes = found_chain(
            find_avalanche(),
            folder.chain,
            compute_genesis(
                plan.chain, managers=[plan.manager], senders=plan.senders, time_s=plan.time_s
            ),
            compute_chain_settings(),
            list(zip(requests, others, strict=True)),
            processes,
        )
        asyncio.run(wait_until_answering(nodes, processes))
        return FoundedChain([node.rpc_url for node in nodes], None, nodes)

    def secure(self, folder: NetworkFolder, chain: FoundedChain) -> None:
        """Nothing to do: a block is on every node's disk before it counts."""

    def list_processes(self, network: NetworkFile) -> list[str]:
        """The nodes."""
        return [node.name for node in network.nodes]

    def list_ports(self, network: NetworkFile) -> Mapping[str, int]:
        """Where each node takes requests."""
        return {node.name: urlsplit(node.rpc_url).port or 0 for node in network.nodes}

    def revive(self, folder: NetworkFolder, processes: Processes, network: NetworkFile) -> None:  # noqa: ARG002 - nothing is replayed
        """Every node runs and has caught up with the others."""
        missing = [node for node in network.nodes if processes.find(node.name) is None]
        if not missing:
            return
        programs = find_avalanche()
        for node in missing:
            start_node(processes, programs, node)
        asyncio.run(wait_until_answering(missing, processes))
