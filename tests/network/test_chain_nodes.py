"""Chain nodes that were killed come back from their own files, with every block they accepted."""

import asyncio
import os
import signal
from pathlib import Path

import pytest
from tests.integration.cli.program import Program, is_alive

from tallystick.chain.rpc import Rpc
from tallystick.local.folder import NetworkFile, NetworkFolder
from tallystick.local.processes import Processes, send_signal, wait_until_ended

pytestmark = [pytest.mark.network, pytest.mark.timeout(400)]

PATIENCE_S = 10.0


@pytest.fixture
def chain(network: Path, engine: str) -> NetworkFile:
    if engine != "avalanche":
        pytest.skip("a chain of one process")
    found = NetworkFolder(network).read_network()
    assert found is not None
    return found


async def read_newest(url: str) -> tuple[str, str]:
    """Number and hash of the newest block."""
    rpc = Rpc([url])
    try:
        block = await rpc.call("eth_getBlockByNumber", "latest", False)
    finally:
        await rpc.aclose()
    return block["number"], block["hash"]


async def read_hash(url: str, number: str) -> str | None:
    """Of the block with this number, None where the node has none."""
    rpc = Rpc([url])
    try:
        block = await rpc.call("eth_getBlockByNumber", number, False)
    finally:
        await rpc.aclose()
    return None if block is None else str(block["hash"])


def kill(network: Path, names: list[str]) -> None:
    """The processes are gone at once, in the middle of whatever they did."""
    folder = NetworkFolder(network)
    found = [Processes(folder.run, folder.logs).find(name) for name in names]
    entries = [entry for entry in found if entry is not None]
    assert len(entries) == len(names)
    for entry in entries:
        send_signal(entry, signal.SIGKILL)
    assert wait_until_ended(entries, PATIENCE_S)


def test_accepted_blocks_are_kept_when_every_chain_node_is_killed(
    network: Path, network_program: Program, chain: NetworkFile
) -> None:
    number, accepted = asyncio.run(read_newest(chain.rpc_urls[0]))
    assert int(number, 16) > 0
    kill(network, [node.name for node in chain.nodes])
    revived = network_program.run("up", "--detach")
    assert revived.exit_code == 0, revived
    assert {asyncio.run(read_hash(url, number)) for url in chain.rpc_urls} == {accepted}


def test_killed_chain_node_is_back_on_its_port_with_what_it_missed(
    network: Path, network_program: Program, chain: NetworkFile
) -> None:
    lost = chain.nodes[1]
    kill(network, [lost.name])
    network_program.ask("account", "create", "restarted/while-away")
    number, accepted = asyncio.run(read_newest(chain.rpc_urls[0]))
    revived = network_program.run("up", "--detach")
    assert revived.exit_code == 0, revived
    assert asyncio.run(read_hash(lost.rpc_url, number)) == accepted


def test_chain_node_is_back_when_the_machine_of_the_killed_one_hangs(
    network: Path, network_program: Program, chain: NetworkFile
) -> None:
    lost = chain.nodes[2]
    machines = list_children(network_program.read_pids()[lost.name])
    assert machines
    for pid in machines:
        os.kill(pid, signal.SIGSTOP)
    kill(network, [lost.name])
    revived = network_program.run("up", "--detach")
    assert revived.exit_code == 0, revived
    assert not any(map(is_alive, machines))
    number, accepted = asyncio.run(read_newest(chain.rpc_urls[0]))
    assert asyncio.run(read_hash(lost.rpc_url, number)) == accepted


def list_children(pid: int) -> list[int]:
    """The processes that a process started, the chain's virtual machine among them."""
    found = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for path in found for child in path.read_text().split()]
