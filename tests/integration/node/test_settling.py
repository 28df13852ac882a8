"""Frames through four validators, on a real chain."""

import pytest
from tests.integration.node.nodes import NodeGroup

pytestmark = pytest.mark.integration


def test_frames_settle_when_sent_to_one_validator(nodes: NodeGroup) -> None:
    network = nodes.network
    frames = [
        network.sign(network.records(50, first=50 * place), first_seq=50 * place)
        for place in range(4)
    ]
    answer = nodes[0].send(*frames)
    assert answer.status_code == 200, answer.text
    assert [frame["status"] for frame in answer.json()["frames"]] == ["accepted"] * 4
    for place in range(4):
        nodes.wait_settled(200, at=place)
