"""What a settled frame becomes: usage over HTTP, pages, budgets, and an alert at the webhook."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.integration.anvil import run_anvil
from tests.integration.node.nodes import NodeGroup, run_nodes, wait_until
from tests.integration.settling import found_network

from tallystick.core.usage import Reason
from tallystick_node.index.errors import IndexInUse
from tallystick_node.rebuild import rebuild

pytestmark = pytest.mark.integration

SECRET = "a-secret-of-the-test-and-nobody-else"


@dataclass
class Receiver:
    """A webhook's receiver that refuses its first request."""

    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    refusals: int = 1

    @property
    def alerts(self) -> list[dict[str, Any]]:
        return [alert for _, body in self.requests for alert in json.loads(body)["alerts"]]


@pytest.fixture(scope="module")
def receiver() -> Iterator[tuple[Receiver, str]]:
    state = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.refusals -= 1
            if state.refusals >= 0:
                self.send_response(503)
            else:
                state.requests.append((dict(self.headers), body))
                self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing is written to the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield state, f"http://127.0.0.1:{server.server_port}/hook"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def nodes(
    tmp_path_factory: pytest.TempPathFactory, receiver: tuple[Receiver, str]
) -> Iterator[NodeGroup]:
    folder = tmp_path_factory.mktemp("reading")
    secret = folder / "secret"
    secret.write_text(SECRET)
    secret.chmod(0o600)
    with (
        run_anvil(folder) as url,
        run_nodes(
            found_network(url, meters=1),
            folder,
            webhook_url=receiver[1],
            webhook_secret_file=str(secret),
        ) as group,
    ):
        yield group


def read_json(nodes: NodeGroup, path: str, at: int = 0) -> Any:  # noqa: ANN401 - JSON
    answer = httpx.get(f"{nodes[at].url}{path}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_settled_frame_is_read_back_from_every_node(
    nodes: NodeGroup, receiver: tuple[Receiver, str]
) -> None:
    records = nodes.network.records(40)
    records["resource"][7] = 999
    assert nodes[0].send(nodes.network.sign(records, first_seq=0)).status_code == 200
    for place, node in enumerate(nodes.nodes):
        nodes.wait_settled(40, at=place)
        wait_until(
            lambda at=place: read_json(nodes, "/v1/totals", at)["records"] == 40,  # type: ignore[misc]
            "the index has the records",
            node.log,
        )

    totals = [read_json(nodes, "/v1/totals", place) for place in range(4)]
    assert len({total["accumulator"] for total in totals}) == 1
    assert totals[0]["quarantined"] == 1
    usage = read_json(nodes, "/v1/usage?by=project,resource", 3)
    assert sum(row["records"] for row in usage) == 40
    assert sum(row["cost_ucr"] for row in usage) == totals[0]["cost_ucr"] > 0

    listed = read_json(nodes, "/v1/records?limit=40")
    assert [row["seq"] for row in listed] == list(reversed(range(40)))
    bad = next(row for row in listed if row["seq"] == 7)
    assert bad["reason"] == Reason.RESOURCE_UNKNOWN.name.lower()

    page = httpx.get(f"{nodes[1].url}/records/{bad['meter_id']}/7")
    assert page.status_code == 200
    assert "no such resource is registered" in page.text
    assert httpx.get(f"{nodes[1].url}/no/such/page").status_code == 404
    _check_budgets(nodes)
    _check_webhook(nodes, *receiver)
    _check_rebuild(nodes)


def _check_budgets(nodes: NodeGroup) -> None:
    """What was charged shows in the budgets, which were read from the chain."""

    def has_spent() -> bool:
        accounts = read_json(nodes, "/v1/accounts")
        spent = {row["depth"]: row["spent_lifetime_ucr"] for row in accounts}
        return bool(spent[1] == read_json(nodes, "/v1/totals")["cost_ucr"])

    wait_until(has_spent, "budgets are read again", nodes[0].log)


def _check_webhook(nodes: NodeGroup, receiver: Receiver, url: str) -> None:
    """Each node told the receiver, signed, although it refused once."""
    assert url
    wait_until(
        lambda: sum(alert["kind"] == "quarantine" for alert in receiver.alerts) >= 4,
        "the receiver has the alerts",
        nodes[0].log,
    )
    for headers, body in receiver.requests:
        message = headers["Tallystick-Time"].encode() + b"." + body
        expected = hmac.new(SECRET.encode(), message, hashlib.sha256).hexdigest()
        assert headers["Tallystick-Signature"] == expected
    quarantined = [alert for alert in receiver.alerts if alert["kind"] == "quarantine"]
    assert {alert["value"] for alert in quarantined} == {1}
    assert len({alert["id"] for alert in quarantined}) == 1
    cursors = [Path(node.folder / "data" / "webhook.json") for node in nodes.nodes]
    wait_until(lambda: all(path.exists() for path in cursors), "cursors kept", nodes[0].log)


def _check_rebuild(nodes: NodeGroup) -> None:
    """A damaged index is made anew, once nobody has it open."""
    node, before = nodes[2], read_json(nodes, "/v1/totals")
    settings = node.folder / "settings.json"
    with pytest.raises(IndexInUse):
        rebuild(settings)
    node.stop()
    (node.folder / "data" / "index.duckdb").write_bytes(b"damaged" * 1000)
    totals = rebuild(settings)
    assert (totals["records"], totals["quarantined"]) == (before["records"], 1)
    node.start()
    node.wait_ready()
    after = read_json(nodes, "/v1/totals", 2)
    assert after["accumulator"] == before["accumulator"]
