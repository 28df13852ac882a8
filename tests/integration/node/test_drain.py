"""A validator that is told to stop: what it took settles, what it did not take is refused."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from tests.integration.node.nodes import (
    PATIENCE_S,
    NodeGroup,
    NodeProcess,
    run_nodes,
    wait_until,
)
from tests.integration.node.test_settling import read_settled
from tests.integration.settling import SettlingNetwork, found_network

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

RECORDS = 20
SHUTDOWN_S = 20.0


@dataclass
class Load:
    """One meter's frames, sent to one validator as fast as it takes them."""

    network: SettlingNetwork
    node: NodeProcess
    acknowledged: int = 0
    """Records."""
    refusals: list[str] = field(default_factory=list)
    is_over: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        while not self.is_over.is_set() and self._send():
            pass

    def _send(self) -> bool:
        """Whether the validator took the next frame."""
        records = self.network.records(RECORDS, first=self.acknowledged)
        frame = self.network.sign(records, first_seq=self.acknowledged)
        try:
            answer = self.node.send(frame)
        except httpx.TransportError:
            return False  # it has gone, and has acknowledged nothing
        if answer.status_code == httpx.codes.OK:
            self.acknowledged += RECORDS
            return True
        self.refusals.append(answer.json()["code"])
        return False


@contextmanager
def running(load: Load) -> Iterator[threading.Thread]:
    thread = threading.Thread(target=load.run)
    thread.start()
    try:
        yield thread
    finally:
        load.is_over.set()
        thread.join()


def test_what_was_acknowledged_has_settled_when_a_validator_stops_under_load(
    tmp_path: Path, chain_url: str
) -> None:
    network = found_network(chain_url, meters=1)
    with run_nodes(network, tmp_path) as nodes:
        load = Load(network, nodes[0])
        with running(load) as thread:
            wait_until(lambda: load.acknowledged > 50 * RECORDS, "some load", nodes[0].log)
            assert nodes[0].stop() == 0
            thread.join()
        assert set(load.refusals) <= {"draining"}
        drained = nodes[0].events("node_drained")[-1]
        assert (drained["is_empty"], drained["in_flight"]) == (True, 0)
        # The stopped validator is asked no more: the others follow a chain that has it all.
        nodes.wait_settled(load.acknowledged, at=1)
        settled = read_settled(nodes, 0)
        assert [(first, end) for first, end, _ in settled] == [
            (first, first + RECORDS) for first in range(0, load.acknowledged, RECORDS)
        ]


def test_draining_validator_takes_nothing_and_ends_in_time_without_a_quorum(
    tmp_path: Path, chain_url: str
) -> None:
    network = found_network(chain_url, meters=1)
    with run_nodes(network, tmp_path, server={"shutdown_s": SHUTDOWN_S}) as nodes:
        for node in nodes.nodes[1:]:
            node.kill()
        assert nodes[0].send(network.sign(network.records(5), first_seq=0)).status_code == 200
        process = nodes[0].process
        assert process is not None
        process.send_signal(signal.SIGTERM)
        wait_until(lambda: bool(nodes[0].events("node_draining")), "draining", nodes[0].log)
        check_draining(nodes)
        assert process.wait(PATIENCE_S) == 0
        nodes[0].process = None
        assert nodes[0].events("node_drained")[-1]["is_empty"] is False
        for node in nodes.nodes:
            node.start()
        for node in nodes.nodes:
            node.wait_ready()
        nodes.wait_settled(5)  # it was on disk


def check_draining(nodes: NodeGroup) -> None:
    """The validator says that it drains, to whoever asks."""
    readiness = httpx.get(f"{nodes[0].url}/readyz")
    assert (readiness.status_code, readiness.json()["draining"]) == (503, True)
    answer = nodes[0].send(nodes.network.sign(nodes.network.records(5, first=5), first_seq=5))
    assert (answer.status_code, answer.json()["code"]) == (503, "draining")
    assert int(answer.headers["Retry-After"]) > 0
    assert httpx.get(f"{nodes[0].url}/healthz").status_code == 200
