"""Events over real HTTP: nothing lost, nothing twice, every refusal in its protocol's own words."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from tests.unit.meter.events.litellm_logs import build_entry
from tests.unit.meter.events.network import Key, Setup, open_setup
from tests.unit.meter.events.spans import CHAT, build_span, encode_json, encode_protobuf

from tallystick.meter.errors import CallLogFull
from tallystick.meter.events.intake import MAX_BODY_BYTES
from tallystick.meter.events.routes import (
    CLOUDEVENTS_PATH,
    LITELLM_PATH,
    OTLP_PATH,
    create_event_routes,
)

pytestmark = pytest.mark.integration

SECRET = "tsk_events"
BEARER = {"Authorization": f"Bearer {SECRET}"}
PROTOBUF = {"Content-Type": "application/x-protobuf"}
JSON = {"Content-Type": "application/json"}
ONE = {"Content-Type": "application/cloudevents+json; charset=utf-8"}
BATCH = {"Content-Type": "application/cloudevents-batch+json"}
CLOUDEVENT = {
    "specversion": "1.0",
    "id": "e-1",
    "source": "urn:acme:batch",
    "type": "llm.usage.v1",
    "subject": "acme/ml/app",
    "data": {"model": "gpt-4o", "in_fresh": 10, "out_visible": 3, "out_reasoning": 0},
}


class Keys:
    """One key."""

    def find(self, secret: str) -> Key | None:
        return Key() if secret == SECRET else None


@asynccontextmanager
async def open_server(
    folder: Path,
) -> AsyncIterator[tuple[Setup, httpx.AsyncClient]]:
    with open_setup(folder) as setup:
        routes = create_event_routes(setup.book, Keys())

        async def handle(request: web.BaseRequest) -> web.StreamResponse:
            return await routes[request.path](request)

        runner = web.ServerRunner(web.Server(handle, auto_decompress=False), handle_signals=False)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        async with httpx.AsyncClient(
            base_url=f"http://{host}:{port}", headers=BEARER, trust_env=False
        ) as client:
            yield setup, client
        await runner.cleanup()


def run(folder: Path, check: Any) -> None:  # noqa: ANN401 - a coroutine function
    async def run_check() -> None:
        async with open_server(folder) as (setup, client):
            await check(setup, client)

    asyncio.run(run_check())


async def post_logs(client: httpx.AsyncClient, *entries: object) -> Mapping[str, Any]:
    answer = await client.post(LITELLM_PATH, content=json.dumps(entries).encode(), headers=JSON)
    assert answer.status_code == 200, answer.text
    found: Mapping[str, Any] = answer.json()
    return found


def read_fresh(setup: Setup) -> list[int]:
    setup.recorder.close()
    found: list[int] = setup.read_records()["in_fresh"].tolist()
    return found


def test_traces_are_recorded_once_in_both_encodings(tmp_path: Path) -> None:
    async def check(setup: Setup, client: httpx.AsyncClient) -> None:
        spans = [build_span(CHAT, number=1), build_span(CHAT, number=2)]
        first = await client.post(OTLP_PATH, content=encode_protobuf(*spans), headers=PROTOBUF)
        assert (first.status_code, first.content) == (200, b"")
        assert first.headers["Content-Type"] == "application/x-protobuf"
        again = await client.post(OTLP_PATH, content=encode_json(*spans), headers=JSON)
        assert (again.status_code, again.json()) == (200, {})
        assert read_fresh(setup) == [400, 400]

    run(tmp_path, check)


def test_traces_are_taken_compressed(tmp_path: Path) -> None:
    async def check(setup: Setup, client: httpx.AsyncClient) -> None:
        body = gzip.compress(encode_protobuf(build_span(CHAT)))
        headers = {**PROTOBUF, "Content-Encoding": "gzip"}
        assert (await client.post(OTLP_PATH, content=body, headers=headers)).status_code == 200
        assert read_fresh(setup) == [400]

    run(tmp_path, check)


def test_partial_success_says_what_was_left(tmp_path: Path) -> None:
    async def check(setup: Setup, client: httpx.AsyncClient) -> None:
        spans = [
            build_span(CHAT, number=1),
            build_span({**CHAT, "gen_ai.usage.input_tokens": -4}, number=2),
            build_span({**CHAT, "tallystick.project": "acme/hr"}, number=3),
            build_span({**CHAT, "gen_ai.usage.image_tokens": 4}, number=4),
        ]
        answer = await client.post(OTLP_PATH, content=encode_protobuf(*spans), headers=PROTOBUF)
        partial = ExportTraceServiceResponse.FromString(answer.content).partial_success
        assert partial.rejected_spans == 2
        assert "acme/hr" in partial.error_message
        assert "gen_ai.usage.image_tokens" in partial.error_message
        assert len(read_fresh(setup)) == 2

    run(tmp_path, check)


def test_cloudevents_are_recorded_once_alone_and_in_batches(tmp_path: Path) -> None:
    async def check(setup: Setup, client: httpx.AsyncClient) -> None:
        one = json.dumps(CLOUDEVENT).encode()
        batch = json.dumps([CLOUDEVENT, {**CLOUDEVENT, "id": "e-2"}, CLOUDEVENT]).encode()
        for content, headers in ((one, ONE), (batch, BATCH), (one, ONE)):
            answer = await client.post(CLOUDEVENTS_PATH, content=content, headers=headers)
            assert (answer.status_code, answer.content) == (204, b"")
        assert read_fresh(setup) == [10, 10]

    run(tmp_path, check)


def test_batch_of_cloudevents_is_recorded_whole_or_not_at_all(tmp_path: Path) -> None:
    async def check(setup: Setup, client: httpx.AsyncClient) -> None:
        strange = {**CLOUDEVENT, "id": "e-2", "subject": "acme/hr"}
        content = json.dumps([CLOUDEVENT, strange]).encode()
        answer = await client.post(CLOUDEVENTS_PATH, content=content, headers=BATCH)
        assert answer.status_code == 403
        assert answer.json()["code"] == "event_project_forbidden"
        assert read_fresh(setup) == []

    run(tmp_path, check)


def test_logs_of_litellm_are_recorded_once(tmp_path: Path) -> None:
    async def check(setup: Setup, client: httpx.AsyncClient) -> None:
        entries = [
            build_entry(),
            build_entry(litellm_call_id="call-2", model="gpt-9", model_group="gpt-9"),
            build_entry(litellm_call_id="call-3", cache_hit=True),
            build_entry(litellm_call_id="call-4", endTime="never"),
        ]
        first = await post_logs(client, *entries)
        assert [first[name] for name in ("recorded", "held", "ignored", "refused")] == [1, 1, 1, 1]
        again = await post_logs(client, *entries)
        assert [again[name] for name in ("recorded", "repeated", "held")] == [0, 2, 0]
        assert read_fresh(setup) == [400]

    run(tmp_path, check)


def test_parallel_repeats_are_recorded_once(tmp_path: Path) -> None:
    async def check(setup: Setup, client: httpx.AsyncClient) -> None:
        entries = [build_entry(litellm_call_id=f"call-{number}") for number in range(20)]
        answers = await asyncio.gather(*(post_logs(client, *entries) for _ in range(8)))
        assert sum(answer["recorded"] for answer in answers) == 20
        assert sum(answer["repeated"] for answer in answers) == 140
        assert len(read_fresh(setup)) == 20

    run(tmp_path, check)


def test_event_that_was_refused_for_now_is_recorded_when_it_comes_again(tmp_path: Path) -> None:
    """An identity is never claimed before its records are kept."""

    async def check(setup: Setup, client: httpx.AsyncClient) -> None:
        recorder, record_event = setup.recorder, setup.recorder.record_event

        def refuse(*_: object) -> None:
            raise CallLogFull("full", expected=0, actual=1)

        recorder.record_event = refuse  # type: ignore[method-assign, assignment]
        content = json.dumps(CLOUDEVENT).encode()
        first = await client.post(CLOUDEVENTS_PATH, content=content, headers=ONE)
        assert first.status_code == 503
        assert int(first.headers["Retry-After"]) > 0
        recorder.record_event = record_event  # type: ignore[method-assign]
        assert (
            await client.post(CLOUDEVENTS_PATH, content=content, headers=ONE)
        ).status_code == 204
        assert read_fresh(setup) == [10]

    run(tmp_path, check)


@pytest.mark.parametrize(
    ("path", "headers", "content", "status"),
    [
        (OTLP_PATH, {**PROTOBUF, "Authorization": "Bearer other"}, b"", 401),
        (CLOUDEVENTS_PATH, {**ONE, "Authorization": ""}, b"{}", 401),
        (LITELLM_PATH, {**JSON, "Authorization": "Basic x"}, b"{}", 401),
        (OTLP_PATH, {"Content-Type": "text/plain"}, b"x", 415),
        (CLOUDEVENTS_PATH, JSON, b"{}", 415),
        (OTLP_PATH, {**JSON, "Content-Encoding": "br"}, b"x", 415),
        (OTLP_PATH, JSON, b"{", 400),
        (OTLP_PATH, PROTOBUF, b"\x0a\xff", 400),
        (CLOUDEVENTS_PATH, ONE, b"{", 400),
        (LITELLM_PATH, JSON, b"{", 400),
        (OTLP_PATH, JSON, b"x" * (MAX_BODY_BYTES + 1), 413),
        (
            OTLP_PATH,
            {**JSON, "Content-Encoding": "gzip"},
            gzip.compress(b"0" * (MAX_BODY_BYTES + 1)),
            413,
        ),
        (OTLP_PATH, {**JSON, "Content-Encoding": "gzip"}, gzip.compress(b"{}")[:-4], 400),
    ],
)
def test_request_is_refused(
    tmp_path: Path, path: str, headers: dict[str, str], content: bytes, status: int
) -> None:
    async def check(setup: Setup, client: httpx.AsyncClient) -> None:
        answer = await client.post(path, content=content, headers=headers)
        assert answer.status_code == status
        assert SECRET not in answer.text
        if headers.get("Content-Type") == "application/x-protobuf":
            assert answer.content.startswith(b"\x08\x03\x12")
        else:
            assert "code" in answer.json()
        assert read_fresh(setup) == []

    run(tmp_path, check)


def test_events_are_posted(tmp_path: Path) -> None:
    async def check(_: Setup, client: httpx.AsyncClient) -> None:
        for path in (OTLP_PATH, CLOUDEVENTS_PATH, LITELLM_PATH):
            assert (await client.get(path)).status_code == 405

    run(tmp_path, check)


def test_key_is_taken_from_either_header(tmp_path: Path) -> None:
    async def check(setup: Setup, client: httpx.AsyncClient) -> None:
        headers = {**ONE, "Authorization": "", "x-api-key": SECRET}
        content = json.dumps(CLOUDEVENT).encode()
        answer = await client.post(CLOUDEVENTS_PATH, content=content, headers=headers)
        assert answer.status_code == 204
        assert read_fresh(setup) == [10]

    run(tmp_path, check)
