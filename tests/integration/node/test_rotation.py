"""A meter's key rotated while frames wait: the old key settles no more, the new one goes on."""

from pathlib import Path

import pytest
from nacl.signing import SigningKey
from tests.integration.node.nodes import NodeGroup, run_nodes, wait_until
from tests.integration.node.test_settling import read_settled
from tests.integration.settling import NETWORK_ID, found_network

from tallystick.chain.bindings.registry import Registry
from tallystick.core.frames import Frame, sign_frame

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

NEW_KEY = SigningKey(bytes([200]) * 32)


def sign_anew(nodes: NodeGroup, first_seq: int, count: int) -> Frame:
    return sign_frame(
        NEW_KEY,
        network_id=NETWORK_ID,
        meter=nodes.network.meters[0].id,
        key_index=1,
        first_seq=first_seq,
        records=nodes.network.records(count, first=first_seq),
    )


def test_records_signed_anew_settle_and_the_old_key_settles_nothing(
    tmp_path: Path, chain_url: str
) -> None:
    network = found_network(chain_url, meters=1)
    registry = Registry(network.network.addresses.registry)
    with run_nodes(network, tmp_path) as nodes:
        old = [network.sign(network.records(4, first=s), first_seq=s) for s in (0, 4, 8)]
        assert nodes[0].send(old[0]).status_code == 200
        nodes.wait_settled(4)
        assert nodes[0].send(old[2]).status_code == 200  # waits for what comes before it
        rotate = registry.rotate_meter_key(network.meters[0].id, bytes(NEW_KEY.verify_key))
        assert network.registrar.send(rotate).outcome == (1, 4)

        def is_refused() -> bool:
            return "wrong_key" in nodes[0].send(old[1]).text

        wait_until(is_refused, "the old key is refused", nodes[0].log)
        answer = nodes[0].send(sign_anew(nodes, 4, 6), sign_anew(nodes, 10, 4))
        assert answer.status_code == 200, answer.text
        nodes.wait_settled(14)
        # Restarted, a node knows the meter's key from its index.
        nodes[1].stop()
        nodes[1].start()
        nodes[1].wait_ready()
        answer = nodes[1].send(sign_anew(nodes, 14, 2))
        assert answer.status_code == 200, answer.text
        for place in range(4):
            nodes.wait_settled(16, at=place)
        found = [(first, end) for first, end, _ in read_settled(nodes, 0)]
        assert found == [(0, 4), (4, 10), (10, 14), (14, 16)]
