"""Validator sets that change under way: nodes follow without a restart, and nothing is lost."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import httpx
import pytest
from tests.integration.node.nodes import NodeGroup, NodeProcess, read_blocks, run_nodes, wait_until
from tests.integration.node.test_settling import read_settled
from tests.integration.settling import SettlingNetwork, found_network
from tests.integration.voting import wait_until as wait_until_time

from tallystick.chain.bindings.governor import Governor, Support, build_proposal
from tallystick.chain.bindings.validators import Validators
from tallystick.chain.calls import Write
from tallystick.chain.reader import ask, expect, read
from tallystick.core.settlement import SkipReason

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]


def change_set(network: SettlingNetwork, places: Sequence[int]) -> Write[int]:
    """The set is of these validators, in this order."""
    members = [network.validators[place].describe(place) for place in places]
    return Validators(network.network.addresses.validators).set_validators(members)


def read_status(node: NodeProcess) -> dict[str, object]:
    found: dict[str, object] = httpx.get(f"{node.url}/v1/status").json()
    return found


def wait_placed(node: NodeProcess, index: int | None) -> None:
    wait_until(lambda: read_status(node)["index"] == index, "its place in the set", node.log)


def send(nodes: NodeGroup, at: int, first: int, count: int = 4) -> None:
    network = nodes.network
    frame = network.sign(network.records(count, first=first), first_seq=first)
    answer = nodes[at].send(frame)
    assert answer.status_code == 200, answer.text


def test_nodes_follow_the_set_and_who_left_serves_reads(tmp_path: Path, chain_url: str) -> None:
    network = found_network(chain_url, meters=1)
    with run_nodes(network, tmp_path) as nodes:
        send(nodes, 3, 0)
        nodes.wait_settled(4, at=3)

        network.vote(change_set(network, [2, 1, 0]))
        for place, index in enumerate([2, 1, 0, None]):
            wait_placed(nodes[place], index)
        frame = network.sign(network.records(4, first=4), first_seq=4)
        refused = nodes[3].send(frame)
        assert (refused.status_code, refused.json()["code"]) == (503, "not_attesting")
        send(nodes, 0, 4)
        for place in range(4):
            nodes.wait_settled(8, at=place)  # who left follows, and answers
        newest = read_blocks(network)[-1].settlements[0]
        assert newest.signer_bitmap == 0b111
        assert newest.sender == network.validators[0].describe(0).sender

        network.vote(change_set(network, [3, 0, 1, 2]))
        nodes[3].wait_ready()
        send(nodes, 3, 8)
        nodes.wait_settled(12, at=3)
        assert read_blocks(network)[-1].settlements[0].sender == (
            network.validators[3].describe(3).sender
        )


def test_batch_of_the_old_set_is_skipped_and_its_frames_settle_under_the_new_one(
    tmp_path: Path, chain_url: str
) -> None:
    network = found_network(chain_url, meters=1)
    w3 = network.w3
    with run_nodes(network, tmp_path) as nodes:
        send(nodes, 0, 0)
        nodes.wait_settled(4)
        execute = prepare_vote(network, change_set(network, [0, 1, 2]))
        expect(ask(w3, "evm_setAutomine", (False,)))
        voting = threading.Thread(target=execute)
        voting.start()
        wait_until(lambda: count_pending(network) == 1, "the vote waits", nodes[0].log)
        send(nodes, 0, 4)
        wait_until(lambda: count_pending(network) >= 2, "the batch waits", nodes[0].log)
        expect(ask(w3, "evm_mine", ()))
        expect(ask(w3, "evm_setAutomine", (True,)))
        voting.join(60)
        nodes.wait_settled(8)
        reasons = [skip.reason for block in read_blocks(network) for skip in block.skips]
        assert SkipReason.OLD_VALIDATOR_SET in reasons
        assert [(first, end) for first, end, _ in read_settled(nodes, 0)] == [(0, 4), (4, 8)]
        outcomes = [event["outcome"] for event in nodes[0].events("batch_finished")]
        assert "skipped" in outcomes


def count_pending(network: SettlingNetwork) -> int:
    return int(expect(ask(network.w3, "txpool_status", ()))["pending"], 16)


def prepare_vote(network: SettlingNetwork, write: Write[int]) -> Callable[[], object]:
    """The vote has been carried; what it decided happens when the answer is called."""
    w3, seats = network.w3, network.seats
    governor = Governor(network.network.addresses.governor)
    proposal = build_proposal([write], "another set", seats[0].address)
    number = seats[0].send(governor.propose(proposal)).outcome
    wait_until_time(w3, read(w3, governor.snapshot_s(number)) + 1)
    for seat in seats:
        seat.send(governor.cast_vote(number, Support.FOR))
    wait_until_time(w3, read(w3, governor.deadline_s(number)) + 1)
    seats[0].send(governor.queue(proposal))
    wait_until_time(w3, read(w3, governor.executable_at_s(number)) + 1)
    return lambda: seats[0].send(governor.execute(proposal))
