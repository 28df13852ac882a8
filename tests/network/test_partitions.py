"""Chain nodes on machines of their own lose sight of each other, and nothing is lost or doubled."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.integration.cli.program import Program
from tests.network.faults import Drill
from tests.network.namespaces import Machines, require_machines
from tests.network.running import run_network

from tallystick.chain.reader import connect
from tallystick.local.avalanche.nodes import wait_until_answering
from tallystick.local.avalanche.programs import find_avalanche
from tallystick.local.folder import NetworkFolder
from tallystick.local.processes import Processes

pytestmark = [pytest.mark.network, pytest.mark.timeout(900)]

NODES = 5
MIN_HOLD_S, MAX_HOLD_S = 6.0, 12.0
LAST_BLOCKS_S = 5.0
"""What was on its way when the link went down may still become a block."""


@dataclass(frozen=True)
class Spread:
    """A network whose chain nodes are on machines of their own."""

    path: Path
    machines: Machines

    def read_height(self, node: int) -> int:
        """The newest block that a chain node knows."""
        network = NetworkFolder(self.path).read_network()
        assert network is not None
        return connect(network.nodes[node].rpc_url).eth.block_number


@pytest.fixture(scope="module")
def spread(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spread]:
    """The network founded here, moved to its machines and started again."""
    if engine != "avalanche":
        pytest.skip("one chain node cannot be parted")
    require_machines()
    with (
        Machines(NODES) as machines,
        run_network(tmp_path_factory.mktemp("spread"), engine) as path,
    ):
        program = Program(path.parent)
        stopped = program.run("down")
        assert stopped.exit_code == 0, stopped
        folder = NetworkFolder(path)
        network = machines.move_in(folder)
        processes = Processes(folder.run, folder.logs)
        for place, node in enumerate(network.nodes):
            machines.start_node(place, processes, find_avalanche(), node)
        asyncio.run(wait_until_answering(network.nodes, processes))
        started = program.run("up", "--detach")
        assert started.exit_code == 0, started
        yield Spread(path, machines)


def test_load_settles_once_when_one_machine_is_cut_off(spread: Spread) -> None:
    with Drill(spread.path, "partition 4 to 1") as drill:
        alone = drill.chance.randrange(NODES)
        drill.inject()
        spread.machines.cut(alone)
        try:
            drill.recovered()
        finally:
            spread.machines.heal(alone)
        drill.heal()
        drill.recovered()


def test_load_settles_once_when_nobody_has_a_quorum(spread: Spread) -> None:
    with Drill(spread.path, "partition 3 to 2") as drill:
        fewer = drill.chance.sample(range(NODES), 2)
        larger = next(place for place in range(NODES) if place not in fewer)
        drill.inject()
        spread.machines.set_apart(fewer)
        try:
            time.sleep(LAST_BLOCKS_S)
            height, recorded = spread.read_height(larger), drill.load.acknowledged
            time.sleep(drill.chance.uniform(MIN_HOLD_S, MAX_HOLD_S))
            assert spread.read_height(larger) == height
            assert drill.load.acknowledged > recorded
        finally:
            spread.machines.rejoin()
        drill.heal()
        drill.recovered()
