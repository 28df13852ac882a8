"""Validators of the previous release and of this one settle together, whoever proposes."""

import threading
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from tests.integration.node.nodes import NodeGroup, NodeProcess, run_nodes, wait_until
from tests.integration.node.previous import unpack_previous
from tests.integration.node.test_faults import is_acknowledged, offer_until_settled
from tests.integration.node.test_settling import read_settled
from tests.integration.settling import SettlingNetwork, found_network

from tallystick.core.frames import Frame

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

RECORDS = 10


@dataclass
class Load:
    """One meter's frames, in order, each offered to one validator after another."""

    network: SettlingNetwork
    nodes: NodeGroup
    frames: list[Frame] = field(default_factory=list)
    is_over: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        while not self.is_over.wait(0.05):
            first_seq = len(self.frames) * RECORDS
            records = self.network.records(RECORDS, first=first_seq)
            frame = self.network.sign(records, first_seq=first_seq)
            turn = len(self.frames)
            while not is_acknowledged(self.nodes[turn % 4], frame):
                turn += 1
            self.frames.append(frame)


def test_releases_settle_together_while_one_replaces_the_other(
    tmp_path: Path, chain_url: str
) -> None:
    sources = unpack_previous(tmp_path / "previous")
    network = found_network(chain_url, meters=2)
    with run_nodes(network, tmp_path, sources=sources) as nodes:
        load = Load(network, nodes)
        thread = threading.Thread(target=load.run)
        thread.start()
        try:
            for place in range(4):
                upgrade(nodes[place])
                settle_through_each(nodes, place)
        finally:
            load.is_over.set()
            thread.join()
        offer_until_settled(nodes, load.frames)
        settled = [(first, end) for first, end, _ in read_settled(nodes, 0)]
        assert settled == [(frame.first_seq, frame.end_seq) for frame in load.frames]
        check_indices_agree(nodes)


def upgrade(node: NodeProcess) -> None:
    """The validator runs this release on what the previous one left."""
    assert node.stop() == 0
    node.sources = None
    node.start()
    node.wait_ready()
    assert httpx.get(f"{node.url}/readyz").json()["disk"] is True  # the previous one knows no disk


def settle_through_each(nodes: NodeGroup, stage: int) -> None:
    """Whichever validator proposes, of whichever release, a quorum of both attests."""
    network = nodes.network
    for place in range(4):
        first_seq = (4 * stage + place) * RECORDS
        records = network.records(RECORDS, first=first_seq)
        frame = network.sign(records, first_seq=first_seq, meter=1)
        assert nodes[place].send(frame).status_code == 200
        nodes.wait_settled(first_seq + RECORDS, meter=1, at=place)


def check_indices_agree(nodes: NodeGroup) -> None:
    """Every validator's index says the same, whichever release began it."""

    def read_totals() -> list[object]:
        return [httpx.get(f"{node.url}/v1/totals").json() for node in nodes.nodes]

    wait_until(lambda: len(set(map(str, read_totals()))) == 1, "equal indices", nodes[0].log)
