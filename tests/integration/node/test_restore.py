"""What is lost with a disk comes back from what docs/operations/backup.md says to keep."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from tests.integration.node.nodes import NodeGroup, run_nodes, wait_until
from tests.integration.settling import SettlingNetwork, found_network

from tallystick.chain.rpc import Rpc
from tallystick.local.meters import ChainCursors
from tallystick.meter.errors import JournalLost
from tallystick.meter.meter import MeterIdentity, open_meter, save_identity
from tallystick.meter.ports import ValidatorEndpoint
from tallystick.meter.sender import FrameSender

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600), pytest.mark.anyio]

DRAIN_S = 120.0


def test_validator_comes_back_from_its_keys_and_settings_alone(
    tmp_path: Path, chain_url: str
) -> None:
    network = found_network(chain_url, meters=1)
    with run_nodes(network, tmp_path) as nodes:
        send_and_wait(nodes, 0, at=0)
        nodes[2].kill()
        shutil.rmtree(nodes[2].folder / "data")
        send_and_wait(nodes, 5, at=0)  # the others go on
        nodes[2].start()
        nodes[2].wait_ready()
        send_and_wait(nodes, 10, at=2)  # it settles what it is sent
        check_index_is_whole(nodes, 2)


async def test_meter_goes_on_where_a_folder_was_taken_to(tmp_path: Path, chain_url: str) -> None:
    network = found_network(chain_url, meters=1)
    here, there = tmp_path / "here", tmp_path / "there"
    create_folder(network, here)
    with run_nodes(network, tmp_path) as nodes:
        await record_and_drain(nodes, here, first=0)
        shutil.copytree(here, there)  # stopped: everything it ever acknowledged is in there
        shutil.rmtree(here)
        await record_and_drain(nodes, there, first=5)
        nodes.wait_settled(10)


async def test_meter_refuses_to_go_on_from_an_old_copy(tmp_path: Path, chain_url: str) -> None:
    network = found_network(chain_url, meters=1)
    here, backup = tmp_path / "here", tmp_path / "backup"
    create_folder(network, here)
    with run_nodes(network, tmp_path) as nodes:
        await record_and_drain(nodes, here, first=0)
        shutil.copytree(here, backup)
        await record_and_drain(nodes, here, first=5)
        # Another record under a number that the chain has: it would be a second history.
        with pytest.raises(JournalLost, match="register a new meter"):
            await record_and_drain(nodes, backup, first=7, count=1)
        nodes.wait_settled(10)
        assert not nodes[0].events("equivocation_proved")


def send_and_wait(nodes: NodeGroup, first_seq: int, *, at: int) -> None:
    """Five records from `first_seq` on have settled, sent to one validator."""
    frame = nodes.network.sign(nodes.network.records(5, first=first_seq), first_seq=first_seq)
    assert nodes[at].send(frame).status_code == 200
    nodes.wait_settled(first_seq + 5, at=at)


def check_index_is_whole(nodes: NodeGroup, place: int) -> None:
    """The validator's index, built anew, says what another's says that never lost any."""

    def read_totals(at: int) -> object:
        return httpx.get(f"{nodes[at].url}/v1/totals").json()

    wait_until(lambda: read_totals(place) == read_totals(0), "a whole index", nodes[place].log)


def create_folder(network: SettlingNetwork, folder: Path) -> None:
    """The folder of the network's first meter, as registering it would have left it."""
    meter = network.meters[0]
    folder.mkdir()
    (folder / "key").write_text(bytes(meter.key).hex())
    identity = MeterIdentity(id=meter.id, name="m", network_id=network.network.network_id.hex())
    save_identity(folder, identity)


class Directory:
    """The validators that run."""

    def __init__(self, nodes: NodeGroup) -> None:
        self._endpoints = [
            ValidatorEndpoint(
                index,
                node.name,
                node.url,
                bytes(nodes.network.validators[index].transport.verify_key),
            )
            for index, node in enumerate(nodes.nodes)
        ]

    def validators(self) -> list[ValidatorEndpoint]:
        return self._endpoints


@asynccontextmanager
async def open_chain(network: SettlingNetwork) -> AsyncIterator[ChainCursors]:
    rpc = Rpc([network.url])
    try:
        yield ChainCursors(rpc, network.network)
    finally:
        await rpc.aclose()


async def record_and_drain(nodes: NodeGroup, folder: Path, *, first: int, count: int = 5) -> None:
    """The folder's meter recorded so many, and all of it has settled."""
    network = nodes.network
    async with open_chain(network) as cursors, httpx.AsyncClient() as http:
        with open_meter(folder) as meter:
            sender = FrameSender(meter, cursors, Directory(nodes), http)
            meter.record(network.records(count, first=first))
            async with sender.running():
                await sender.drain(DRAIN_S)
