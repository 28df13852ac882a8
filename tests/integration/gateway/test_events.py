"""Events at a running gateway of two workers: every intake ends on the chain, once."""

import gzip
import json
from collections.abc import Iterator

import httpx
import pytest
from tests.integration.cli.program import Program
from tests.integration.gateway.running import (
    RunningGateway,
    found_project,
    run_gateway,
    wait_for_key,
    wait_for_records,
)
from tests.unit.meter.events.litellm_logs import build_entry
from tests.unit.meter.events.spans import CHAT, build_span, encode_json, encode_protobuf
from tests.upstream.server import Upstream

pytestmark = [pytest.mark.integration, pytest.mark.slow]

PROTOBUF = {"content-type": "application/x-protobuf"}
JSON = {"content-type": "application/json"}
ONE = {"content-type": "application/cloudevents+json"}
REPEATS = 6


@pytest.fixture(scope="module")
def gateway(program: Program, running_upstream: Upstream) -> Iterator[RunningGateway]:
    """Two workers, so that some requests reach the one that has to pass them on."""
    program.ask("account", "create", "acme/events")
    words = ("--account", "acme", "--upstream", f"openai={running_upstream.url}")
    with run_gateway(program, *words, "--workers", "2", "--model", "gpt-4o=openai") as running:
        yield running


def send(
    gateway: RunningGateway, secret: str, path: str, body: bytes, headers: dict[str, str]
) -> list[httpx.Response]:
    """The same request again and again, each over a connection of its own."""
    answers = [
        httpx.post(
            f"{gateway.url}{path}",
            content=body,
            headers={**headers, "authorization": f"Bearer {secret}"},
            trust_env=False,
        )
        for _ in range(REPEATS)
    ]
    assert all(answer.is_success for answer in answers), [answer.text for answer in answers]
    return answers


def test_traces_settle_once(program: Program, gateway: RunningGateway) -> None:
    secret = found_project(program, "acme/events/traces", "50")
    wait_for_key(gateway, secret)
    spans = [build_span(CHAT, number=number) for number in (1, 2)]
    compressed = gzip.compress(encode_protobuf(*spans))
    send(gateway, secret, "/v1/traces", compressed, {**PROTOBUF, "content-encoding": "gzip"})
    send(gateway, secret, "/v1/traces", encode_json(*spans), JSON)
    records = wait_for_records(program, "acme/events/traces", 2)
    assert [(each["in_fresh"], each["in_cached"]) for each in records] == [(400, 600)] * 2
    assert len(program.ask("records", "--project", "acme/events/traces")) == 2


def test_logs_of_litellm_settle_once(program: Program, gateway: RunningGateway) -> None:
    secret = found_project(program, "acme/events/logs", "50")
    wait_for_key(gateway, secret)
    entries = [build_entry(litellm_call_id=f"settle-{number}") for number in range(3)]
    answers = send(gateway, secret, "/litellm/logs", json.dumps(entries).encode(), JSON)
    assert sum(answer.json()["recorded"] for answer in answers) == 3
    assert sum(answer.json()["repeated"] for answer in answers) == 3 * (REPEATS - 1)
    wait_for_records(program, "acme/events/logs", 3)
    assert len(program.ask("records", "--project", "acme/events/logs")) == 3


def test_event_of_an_unknown_model_settles_once_it_exists(
    program: Program, gateway: RunningGateway
) -> None:
    secret = found_project(program, "acme/events/held", "50")
    wait_for_key(gateway, secret)
    event = {
        "specversion": "1.0",
        "id": "held-1",
        "source": "urn:test",
        "type": "llm.usage.v1",
        "subject": "acme/events/held",
        "data": {"model": "gpt-next", "in_fresh": 12, "out_visible": 3, "out_reasoning": 0},
    }
    send(gateway, secret, "/api/v1/events", json.dumps(event).encode(), ONE)
    assert program.ask("records", "--project", "acme/events/held") == []
    program.ask("resource", "create", "gpt-next", "--like", "gpt-4o")
    (record,) = wait_for_records(program, "acme/events/held", 1)
    assert (record["resource"], record["in_fresh"]) == ("gpt-next", 12)
    assert record["cost_ucr"] > 0


def test_nested_bodies_end_no_worker(program: Program, gateway: RunningGateway) -> None:
    secret = found_project(program, "acme/events/deep", "50")
    wait_for_key(gateway, secret)
    workers = sorted(gateway.find_workers())
    deep = b'{"model":"gpt-4o","messages":' + b'[{"content":' * 200_000
    headers = {"authorization": f"Bearer {secret}"}
    for path, kind in (
        ("/v1/traces", JSON),
        ("/litellm/logs", JSON),
        ("/api/v1/events", ONE),
        ("/v1/chat/completions", JSON),
        ("/v1/messages", JSON),
    ):
        for _ in range(REPEATS):
            answer = httpx.post(
                f"{gateway.url}{path}", content=deep, headers={**headers, **kind}, trust_env=False
            )
            assert 400 <= answer.status_code < 500, (path, answer.text)
    assert sorted(gateway.find_workers()) == workers
