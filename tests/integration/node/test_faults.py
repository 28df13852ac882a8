"""Validators that die, lie, stay silent or run out of disk."""

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from tests.integration.node.nodes import NodeGroup, NodeProcess, run_nodes, wait_until
from tests.integration.node.test_settling import read_settled
from tests.integration.settling import found_network

from tallystick.core.frames import Frame

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

LIE = b'{"index": 3, "attestation": "0x' + b"11" * 64 + b'"}'


@contextmanager
def run_impostor(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[str]:
    """The URL of something that listens in a validator's place."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            answer(self)

        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def tell_lies(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    handler.wfile.write(LIE)


def stay_silent(_: BaseHTTPRequestHandler) -> None:
    threading.Event().wait(60)


def drip(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    for byte in LIE:
        handler.wfile.write(bytes([byte]))
        if threading.Event().wait(1):
            return


@pytest.mark.parametrize("answer", [tell_lies, stay_silent, drip])
def test_frames_settle_whatever_one_validator_does(
    tmp_path: Path, chain_url: str, answer: Callable[[BaseHTTPRequestHandler], None]
) -> None:
    network = found_network(chain_url, meters=1)
    with (
        run_impostor(answer) as url,
        run_nodes(network, tmp_path, absent=[3], urls={3: url}) as nodes,
    ):
        for place in range(5):
            frame = network.sign(network.records(4, first=4 * place), first_seq=4 * place)
            assert nodes[0].send(frame).status_code == 200
        nodes.wait_settled(20)
        assert not nodes[0].events("batch_refused")


def test_intake_refuses_when_the_journal_is_full(tmp_path: Path, chain_url: str) -> None:
    network = found_network(chain_url, meters=1)
    # One frame of ten records is 753 bytes. Without a quorum nothing settles and makes room.
    with run_nodes(network, tmp_path, intake={"journal_bytes": 1_600}) as nodes:
        for node in nodes.nodes[1:]:
            node.kill()
        answers = [
            nodes[0].send(network.sign(network.records(10), first_seq=10 * place))
            for place in range(3)
        ]
        assert [answer.status_code for answer in answers] == [200, 200, 507]
        assert answers[2].json()["code"] == "storage_full"
        for node in nodes.nodes[1:]:
            node.start()
        nodes.wait_settled(20)
        last = network.sign(network.records(10), first_seq=20)
        assert nodes[0].send(last).status_code == 200
        nodes.wait_settled(30)


def test_frames_settle_again_when_the_chain_takes_their_blocks_back(
    tmp_path: Path, chain_url: str
) -> None:
    network = found_network(chain_url, meters=1)
    first, second = (
        network.sign(network.records(5, first=start), first_seq=start) for start in (0, 5)
    )
    with run_nodes(network, tmp_path) as nodes:
        before = network.w3.eth.block_number
        assert nodes[0].send(first).status_code == 200
        nodes.wait_settled(5)
        depth = network.w3.eth.block_number - before
        network.w3.provider.make_request("anvil_reorg", [depth, []])  # type: ignore[arg-type]
        # As a meter does when the cursor moves back: what it kept is offered again.
        wait_until(
            lambda: (
                nodes[0].send(first, second).status_code == 200
                and nodes[0].cursor(network.meters[0].id) == 10
            ),
            "everything settled",
            nodes[0].log,
        )
        assert [(start, end) for start, end, _ in read_settled(nodes, 0)] == [(0, 5), (5, 10)]
        for place in range(4):
            nodes.wait_settled(10, at=place)


def test_nothing_is_lost_or_doubled_when_validators_are_killed_at_random(
    tmp_path: Path, chain_url: str
) -> None:
    network = found_network(chain_url, meters=1)
    chance = random.Random(3)  # noqa: S311 - the same moments each time
    frames = [
        network.sign(network.records(20, first=20 * place), first_seq=20 * place)
        for place in range(60)
    ]
    with run_nodes(network, tmp_path) as nodes:
        for place, frame in enumerate(frames):
            send_until_acknowledged(nodes, frame, chance)
            if place % 12 == 6:
                victim = chance.choice(nodes.nodes)
                victim.kill()
                victim.start()
        for node in nodes.nodes:
            node.wait_ready()
        offer_until_settled(nodes, frames)
        settled = read_settled(nodes, 0)
        assert [(first, end) for first, end, _ in settled] == [
            (frame.first_seq, frame.end_seq) for frame in frames
        ]


def send_until_acknowledged(nodes: NodeGroup, frame: Frame, chance: random.Random) -> None:
    """As a meter does: whoever does not answer is passed over."""
    order = chance.sample(nodes.nodes, len(nodes.nodes))
    for node in order * 1_000:
        if is_acknowledged(node, frame):
            return
    raise AssertionError("no validator acknowledged a frame")


def is_acknowledged(node: NodeProcess, frame: Frame) -> bool:
    try:
        return node.send(frame).status_code == 200
    except httpx.TransportError:
        return False


def offer_until_settled(nodes: NodeGroup, frames: list[Frame]) -> None:
    """As a meter does when the cursor stands still: the spool is offered to the next validator."""
    for start in range(0, len(frames), 40):
        assert nodes[0].send(*frames[start : start + 40]).status_code == 200
    nodes.wait_settled(frames[-1].end_seq)
