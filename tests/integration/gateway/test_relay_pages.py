"""What the gateway answers itself."""

import asyncio
import json
from dataclasses import replace

import pytest
from aiohttp import web
from tests.integration.gateway.calls import CHAT
from tests.integration.gateway.relaying import KEY, RESOURCES, run_gateway
from tests.upstream.server import Upstream

pytestmark = [pytest.mark.integration, pytest.mark.anyio]


async def test_models_are_listed_as_each_client_expects_them(upstream: Upstream) -> None:
    async with run_gateway(upstream.url) as relaying:
        openai = json.loads((await relaying.get("/v1/models")).body)
        version = {"anthropic-version": "2023-06-01"}
        anthropic = json.loads((await relaying.get("/v1/models", **version)).body)
        gemini = json.loads((await relaying.get("/v1beta/models")).body)
        ollama = json.loads((await relaying.get("/api/tags")).body)
    assert [each["id"] for each in openai["data"]] == list(RESOURCES)
    assert [each["id"] for each in anthropic["data"]] == list(RESOURCES)
    assert anthropic["has_more"] is False
    assert [each["name"] for each in gemini["models"]] == [f"models/{name}" for name in RESOURCES]
    assert [each["model"] for each in ollama["models"]] == list(RESOURCES)


async def test_models_are_those_the_key_may_call(upstream: Upstream) -> None:
    key = replace(KEY, models=frozenset({"claude"}))
    async with run_gateway(upstream.url, key=key) as relaying:
        listed = json.loads((await relaying.get("/v1/models")).body)
    assert [each["id"] for each in listed["data"]] == ["claude"]


async def test_models_are_listed_for_keys_only(upstream: Upstream) -> None:
    async with run_gateway(upstream.url) as relaying:
        reply = await relaying.get("/v1/models", Authorization="Bearer tsk_wrong")
    assert reply.status == 401


async def test_health_needs_no_key_and_tells_of_stopping(upstream: Upstream) -> None:
    async with run_gateway(upstream.url) as relaying:
        assert json.loads((await relaying.get("/health", Authorization="")).body) == {
            "status": "ok",
            "in_flight": 0,
        }
        await relaying.server.relay.stop(1)
        assert (await relaying.get("/health")).status == 503


async def test_metrics_count_calls_tokens_and_refusals(upstream: Upstream) -> None:
    async with run_gateway(upstream.url) as relaying:
        await relaying.post(CHAT.path, CHAT.body)
        await relaying.post(CHAT.path, CHAT.body, secret="tsk_wrong")
        text = (await relaying.get("/metrics")).text
    prefix = "tallystick_gateway_"
    labels = 'dialect="openai-chat",model="gpt-4o",status="200"'
    assert f"{prefix}calls_total{{{labels}}} 1.0" in text
    assert f'{prefix}tokens_total{{model="gpt-4o",side="input"}} 21.0' in text
    assert f'{prefix}refusals_total{{code="gateway_key_unknown"}} 1.0' in text
    assert f"{prefix}duration_seconds_count 1.0" in text
    assert f'{prefix}left_ucr{{project="7"}}' in text


async def test_extra_routes_win_over_pages(upstream: Upstream) -> None:
    async def answer(request: web.BaseRequest) -> web.Response:
        return web.Response(text=f"ours: {await request.text()}")

    routes = {"/metrics": answer, "/v1/traces": answer}
    async with run_gateway(upstream.url, extra_routes=routes) as relaying:
        assert (await relaying.get("/metrics")).text == "ours: "
        assert (await relaying.post("/v1/traces", data=b"x")).text == "ours: x"


async def test_defect_of_an_extra_route_is_answered_and_others_go_on(upstream: Upstream) -> None:
    async def fail(_: web.BaseRequest) -> web.Response:
        raise KeyError("secret detail")

    async with run_gateway(upstream.url, extra_routes={"/v1/traces": fail}) as relaying:
        reply = await relaying.post("/v1/traces", {})
        assert reply.status == 500
        assert "secret detail" not in reply.text
        assert (await relaying.post(CHAT.path, CHAT.body)).status == 200


async def test_connection_says_who_serves_and_no_more(upstream: Upstream) -> None:
    async with run_gateway(upstream.url) as relaying:
        reader, writer = await asyncio.open_connection("127.0.0.1", relaying.port)
        writer.write(b"GET /health HTTP/1.1\r\nHost: g\r\nConnection: close\r\n\r\n")
        answer = await reader.read()
        writer.close()
    assert b"aiohttp" not in answer


async def test_gateway_is_ready_until_it_drains(upstream: Upstream) -> None:
    async with run_gateway(upstream.url) as relaying:
        ready = await relaying.get("/readyz", Authorization="")
        assert (ready.status, json.loads(ready.body)) == (200, {"ready": True, "draining": False})
        await relaying.server.relay.stop(1)
        draining = await relaying.get("/readyz")
        assert (draining.status, json.loads(draining.body)["draining"]) == (503, True)
        assert (await relaying.get("/healthz")).status == 200  # a gateway that ends is not ill


async def test_gateway_says_what_it_lacks(upstream: Upstream) -> None:
    async with run_gateway(
        upstream.url, read_checks=lambda: {"records": False}, find_wedged=lambda: ["upkeep"]
    ) as relaying:
        ready, health = await relaying.get("/readyz"), await relaying.get("/healthz")
    assert (ready.status, json.loads(ready.body)["records"]) == (503, False)
    assert (health.status, json.loads(health.body)["wedged"]) == (503, ["upkeep"])
