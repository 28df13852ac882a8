"""Frames through four validators, on a real chain."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.integration.node.nodes import NodeGroup, read_blocks

from tallystick.core.batches import decode_batch
from tallystick.core.metric_table import NODE_METRICS
from tallystick.core.usage import Reason, read_reasons, read_time_ms

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]


def read_settled(nodes: NodeGroup, meter: int) -> list[tuple[int, int, list[int]]]:
    """(first number, end, reasons) of the meter's settled segments, from the chain alone."""
    meter_id, found = nodes.network.meters[meter].id, []
    for block in read_blocks(nodes.network):
        for settlement in block.settlements:
            batch = decode_batch(settlement.data)
            reasons = read_reasons(batch.records).tolist()
            found += [
                (part.first_seq, part.end_seq, reasons[part.start : part.start + part.count])
                for place, part in enumerate(batch.segments)
                if settlement.settled_bitmap >> place & 1 and part.meter == meter_id
            ]
    return found


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
    statuses = [frame["status"] for frame in nodes[1].send(*frames).json()["frames"]]
    assert statuses == ["settled"] * 4
    assert read_settled(nodes, 0) == [(50 * i, 50 * i + 50, [0] * 50) for i in range(4)]


def test_frames_settle_once_when_sent_to_every_validator(nodes: NodeGroup) -> None:
    network = nodes.network
    frames = [
        network.sign(network.records(20, first=20 * place), first_seq=20 * place, meter=1)
        for place in range(10)
    ]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda node: node.send(*frames), nodes.nodes))
    assert [answer.status_code for answer in answers] == [200] * 4
    nodes.wait_settled(200, meter=1)
    settled = read_settled(nodes, 1)
    assert [(first, end) for first, end, _ in settled] == [(20 * i, 20 * i + 20) for i in range(10)]


def test_frames_settle_when_they_arrive_out_of_order(nodes: NodeGroup) -> None:
    network = nodes.network
    frames = [
        network.sign(network.records(5, first=5 * place), first_seq=5 * place, meter=2)
        for place in range(3)
    ]
    for frame in reversed(frames):
        assert nodes[2].send(frame).status_code == 200
    nodes.wait_settled(15, meter=2)


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"project": 999}, Reason.PROJECT_UNKNOWN),
        ({"resource": 999}, Reason.RESOURCE_UNKNOWN),
        ({"flags": 1 << 8}, Reason.FLAGS_UNDEFINED),
        ({"in_fresh": 2**32 - 1}, Reason.QUANTITY_OVER_MAXIMUM),
        ({"in_fresh": 15_000_000}, Reason.COST_OVER_MAXIMUM),
    ],
)
def test_bad_record_settles_quarantined_beside_good_ones(
    nodes: NodeGroup, columns: dict[str, int], reason: Reason
) -> None:
    network, meter = nodes.network, 3
    first = max((end for _, end, _ in read_settled(nodes, meter)), default=0)
    records = network.records(3)
    for name, value in columns.items():
        records[name][1] = value
    answer = nodes[3].send(network.sign(records, first_seq=first, meter=meter))
    assert answer.status_code == 200, answer.text
    nodes.wait_settled(first + 3, meter=meter)
    assert read_settled(nodes, meter)[-1] == (first, first + 3, [0, reason, 0])


def test_ancient_record_settles_at_a_cost(nodes: NodeGroup) -> None:
    network = nodes.network
    records = network.records(1, time_hi=0, time_lo=0)
    assert read_time_ms(records).tolist() == [0]
    assert nodes[0].send(network.sign(records, first_seq=0, meter=4)).status_code == 200
    nodes.wait_settled(1, meter=4)
    assert read_settled(nodes, 4) == [(0, 1, [0])]


def test_status_and_metrics_tell_of_the_settlements(nodes: NodeGroup) -> None:
    network = nodes.network
    nodes[0].send(network.sign(network.records(7), first_seq=0, meter=5))
    nodes.wait_settled(7, meter=5)
    status = httpx.get(f"{nodes[0].url}/v1/status").json()
    assert (status["name"], status["index"], status["ready"]) == ("validator-0", 0, True)
    metrics = httpx.get(f"{nodes[0].url}/metrics").text
    assert 'tallystick_batches_finished_total{outcome="settled"}' in metrics
    shown = {family.name for family in text_string_to_metric_families(metrics)}
    began = {name for name in shown if name.endswith("_created")}  # when counting began
    assert shown - began == {metric.name for metric in NODE_METRICS}
    assert 'tallystick_ready{check="quorum"} 1.0' in metrics
    assert "tallystick_peers_reachable 3.0" in metrics


def test_node_stops_cleanly_and_goes_on_where_it_was(nodes: NodeGroup) -> None:
    network, node = nodes.network, nodes[3]
    assert node.stop() == 0
    assert node.events("node_stopped")
    nodes[0].send(network.sign(network.records(5), first_seq=0, meter=6))
    nodes.wait_settled(5, meter=6)
    node.start()
    node.wait_ready()
    nodes.wait_settled(5, meter=6, at=3)
