"""What is not relayed: refused before anything is sent, in the shape that the client knows."""

import asyncio
import gzip
import json
import sys
from dataclasses import replace
from typing import Any

import pytest
from tests.integration.gateway.calls import (
    CHAT,
    GEMINI,
    MESSAGE,
    OLLAMA,
    PLAIN,
    Sample,
    name_sample,
)
from tests.integration.gateway.relaying import (
    KEY,
    PROJECT,
    SECRET,
    FixedPrices,
    Reply,
    create_offers,
    run_gateway,
    wait_for,
)
from tests.upstream.server import Upstream

from tallystick.core.usage import Flag
from tallystick.meter.gateway.gateway import GatewaySettings

pytestmark = [pytest.mark.integration, pytest.mark.anyio]


def read_refusal(sample: Sample, reply: Reply) -> str:
    """Our code, from an answer that is checked to be in the provider's own shape."""
    document = json.loads(reply.body)
    if sample.path.startswith("/api/"):
        assert isinstance(document["error"], str)
    elif sample.path == MESSAGE.path:
        assert document["type"] == "error"
        assert document["error"].keys() >= {"type", "message"}
    elif sample.path.startswith("/v1beta/"):
        assert document["error"]["code"] == reply.status
        assert document["error"]["status"].isupper()
        assert document["error"]["message"]
    else:
        assert document["error"].keys() >= {"type", "message", "code", "param"}
    return str(reply.told["code"])


SHAPES = [CHAT, MESSAGE, GEMINI, OLLAMA]


@pytest.mark.parametrize("sample", PLAIN, ids=name_sample)
@pytest.mark.parametrize("secret", [None, "tsk_wrong", ""])
async def test_key_unknown_is_refused(
    upstream: Upstream, sample: Sample, secret: str | None
) -> None:
    async with run_gateway(upstream.url) as relaying:
        reply = await relaying.post(sample.path, sample.body, secret=secret)
    assert reply.status == 401
    assert read_refusal(sample, reply) == "gateway_key_unknown"
    assert "tsk_wrong" not in reply.text
    assert upstream.calls == []


@pytest.mark.parametrize("sample", SHAPES, ids=name_sample)
async def test_model_unknown_is_refused_with_the_nearest(
    upstream: Upstream, sample: Sample
) -> None:
    path = sample.path.replace("models/gemini", "models/gemini-x")
    body = sample.body | ({"model": f"{sample.model}-x"} if "model" in sample.body else {})
    async with run_gateway(upstream.url) as relaying:
        reply = await relaying.post(path, body)
        assert relaying.book.begun == {}
    assert reply.status == 404
    assert read_refusal(sample, reply) == "model_unknown"
    assert sample.model in reply.text
    assert upstream.calls == []


@pytest.mark.parametrize("sample", SHAPES, ids=name_sample)
async def test_model_not_allowed_is_refused(upstream: Upstream, sample: Sample) -> None:
    key = replace(KEY, models=frozenset({"embedder"}))
    async with run_gateway(upstream.url, key=key) as relaying:
        reply = await relaying.post(sample.path, sample.body)
    assert reply.status == 403
    assert read_refusal(sample, reply) == "model_not_allowed"
    assert upstream.calls == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/images/generations"),
        ("POST", "/v1/audio/speech"),
        ("POST", "/v1/files"),
        ("POST", "/v1/messages/batches"),
        ("POST", "/v1beta/models/gemini:predict"),
        ("POST", "/api/pull"),
        ("POST", "/model/x/invoke"),
        ("GET", "/v1/chat/completions"),
        ("PUT", "/v1/chat/completions"),
        ("DELETE", "/v1/responses/resp_1"),
        ("POST", "//v1/chat/completions"),
        ("POST", "/v1/../v1/chat/completions"),
        ("POST", "/v1/chat/completions/"),
        ("POST", "/"),
    ],
)
async def test_route_that_cannot_be_metered_is_refused(
    upstream: Upstream, method: str, path: str
) -> None:
    reader_head = f"{method} {path} HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {SECRET}\r\n"
    async with run_gateway(upstream.url) as relaying:
        reader, writer = await asyncio.open_connection("127.0.0.1", relaying.port)
        writer.write(f"{reader_head}Content-Length: 2\r\nConnection: close\r\n\r\n{{}}".encode())
        answer = await reader.read()
        writer.close()
    assert answer.startswith(b"HTTP/1.1 404")
    assert b"route_unknown" in answer
    assert upstream.calls == []


@pytest.mark.parametrize("sample", SHAPES, ids=name_sample)
@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b"{} {}", b"NaN"], ids=str
)
async def test_body_that_is_no_call_is_refused(
    upstream: Upstream, sample: Sample, body: bytes
) -> None:
    async with run_gateway(upstream.url) as relaying:
        reply = await relaying.post(sample.path, data=body)
        assert relaying.book.begun == {}
    assert reply.status == 400
    assert read_refusal(sample, reply) == "request_malformed"
    assert upstream.calls == []


async def test_nesting_ends_no_process_whatever_it_has_imported(upstream: Upstream) -> None:
    deep = b'{"a":' * 200_000 + b"1" + b"}" * 200_000
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(100_000)  # as libraries of the chain do
    try:
        async with run_gateway(upstream.url) as relaying:
            body = b'{"model":"gpt-4o","messages":[],"stream_options":' + deep + b"}"
            assert (await relaying.post(CHAT.path, data=body)).status == 400
            sys.setrecursionlimit(100_000)
            upstream.order(body='{"usage":' + deep.decode() + "}")
            assert (await relaying.post(CHAT.path, CHAT.body)).status == 200
            assert relaying.book.row["flags"] & Flag.ESTIMATED
    finally:
        sys.setrecursionlimit(limit)


@pytest.mark.parametrize(
    "change",
    [
        {"max_tokens": -1},
        {"max_tokens": "many"},
        {"max_tokens": 1.5},
        {"n": -3},
        {"model": ""},
        {"model": 7},
        {"model": None},
        {"stream": "yes"},
    ],
    ids=str,
)
async def test_absurd_numbers_are_refused(upstream: Upstream, change: dict[str, Any]) -> None:
    async with run_gateway(upstream.url) as relaying:
        reply = await relaying.post(CHAT.path, CHAT.body | change)
        assert relaying.book.begun == {}
    assert reply.status == 400
    assert upstream.calls == []


@pytest.mark.parametrize("sample", [CHAT, MESSAGE, GEMINI], ids=name_sample)
@pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data", "application/xml"])
async def test_wrong_content_type_is_refused(upstream: Upstream, sample: Sample, kind: str) -> None:
    async with run_gateway(upstream.url) as relaying:
        reply = await relaying.post(sample.path, sample.body, headers={"Content-Type": kind})
    assert reply.status == 415
    assert read_refusal(sample, reply) == "content_type_unsupported"
    assert upstream.calls == []


async def test_form_of_curl_is_taken_by_ollamas_routes(upstream: Upstream) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    async with run_gateway(upstream.url) as relaying:
        reply = await relaying.post(OLLAMA.path, OLLAMA.body, headers=form)
    assert reply.status == 200


@pytest.mark.parametrize("step", ["-1", "65536", "1.5", "x", "", "٣", "9" * 400])
async def test_step_out_of_range_is_refused(upstream: Upstream, step: str) -> None:
    async with run_gateway(upstream.url) as relaying:
        reply = await relaying.post(CHAT.path, CHAT.body, headers={"x-tallystick-step": step})
    assert reply.status == 400
    assert reply.headers["x-tallystick-error"] == "step_invalid"
    assert upstream.calls == []


async def test_body_too_large_is_refused_before_it_is_read(upstream: Upstream) -> None:
    settings = GatewaySettings(max_body_bytes=1_000)
    head = (
        f"POST {CHAT.path} HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {SECRET}\r\n"
        "Content-Type: application/json\r\nContent-Length: 1000000000\r\n\r\n"
    )
    async with run_gateway(upstream.url, settings=settings) as relaying:
        reader, writer = await asyncio.open_connection("127.0.0.1", relaying.port)
        writer.write(head.encode())
        answer = await reader.readuntil(b"\r\n\r\n")
        writer.close()
    assert answer.startswith(b"HTTP/1.1 413")


async def test_body_too_large_is_refused_when_its_length_is_not_said(upstream: Upstream) -> None:
    settings = GatewaySettings(max_body_bytes=200_000)
    head = (
        f"POST {CHAT.path} HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {SECRET}\r\n"
        "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    piece = b"8000\r\n" + bytes(0x8000) + b"\r\n"
    async with run_gateway(upstream.url, settings=settings) as relaying:
        reader, writer = await asyncio.open_connection("127.0.0.1", relaying.port)
        writer.write(head.encode() + piece * 8)
        answer = await reader.readuntil(b"\r\n\r\n")
        writer.close()
    assert answer.startswith(b"HTTP/1.1 413")
    assert upstream.calls == []


async def test_bomb_is_refused(upstream: Upstream) -> None:
    bomb = gzip.compress(bytes(40 << 20))
    assert len(bomb) < 50_000
    async with run_gateway(upstream.url) as relaying:
        reply = await relaying.post(CHAT.path, data=bomb, headers={"Content-Encoding": "gzip"})
    assert reply.status == 413
    assert read_refusal(CHAT, reply) == "body_too_large"


@pytest.mark.parametrize(
    ("encoding", "status"), [("gzip", 400), ("deflate", 400), ("br", 415), ("gzip, gzip", 415)]
)
async def test_body_not_packed_as_it_says_is_refused(
    upstream: Upstream, encoding: str, status: int
) -> None:
    async with run_gateway(upstream.url) as relaying:
        reply = await relaying.post(CHAT.path, CHAT.body, headers={"Content-Encoding": encoding})
    assert reply.status == status
    assert upstream.calls == []


async def test_body_is_refused_when_other_bodies_take_the_room(upstream: Upstream) -> None:
    upstream.order(first_byte_ms=400)
    settings = GatewaySettings(max_bodies_bytes=1_000_000)
    body = CHAT.body | {"x": "y" * 600_000}
    async with run_gateway(upstream.url, settings=settings) as relaying:
        replies = await asyncio.gather(*(relaying.post(CHAT.path, body) for _ in range(3)))
        assert sorted(reply.status for reply in replies) == [200, 503, 503]
        # What they took is free again, whatever became of them.
        assert (await relaying.post(CHAT.path, body)).status == 200


async def test_body_that_trickles_is_given_up(upstream: Upstream) -> None:
    settings = GatewaySettings(body_timeout_s=0.2)
    head = (
        f"POST {CHAT.path} HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {SECRET}\r\n"
        "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
    )
    async with run_gateway(upstream.url, settings=settings) as relaying:
        reader, writer = await asyncio.open_connection("127.0.0.1", relaying.port)
        writer.write(head.encode())
        answer = await reader.readuntil(b"\r\n\r\n")
        writer.close()
        assert relaying.book.begun == {}
    assert answer.startswith(b"HTTP/1.1 408")


async def test_nothing_is_kept_when_the_client_leaves_amid_its_body(upstream: Upstream) -> None:
    head = (
        f"POST {CHAT.path} HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {SECRET}\r\n"
        "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
    )
    async with run_gateway(upstream.url) as relaying:
        _, writer = await asyncio.open_connection("127.0.0.1", relaying.port)
        writer.write(head.encode())
        await wait_for(lambda: relaying.server.in_flight == 1)
        writer.close()
        await relaying.wait_until_idle()
        assert relaying.book.begun == {}
        assert (await relaying.post(CHAT.path, CHAT.body)).status == 200


async def test_calls_beyond_the_bound_are_refused(upstream: Upstream) -> None:
    upstream.order(first_byte_ms=300)
    settings = GatewaySettings(max_in_flight=3)
    async with run_gateway(upstream.url, settings=settings) as relaying:
        replies = await asyncio.gather(*(relaying.post(CHAT.path, CHAT.body) for _ in range(8)))
        assert sorted(reply.status for reply in replies) == [200] * 3 + [503] * 5
        refused = next(reply for reply in replies if reply.status == 503)
        assert refused.headers["Retry-After"] == "1"
        assert refused.headers["x-tallystick-error"] == "gateway_busy"
        assert (await relaying.post(CHAT.path, CHAT.body)).status == 200


async def test_model_without_a_price_is_refused(upstream: Upstream) -> None:
    offers = create_offers(upstream.url)
    offers["gpt-4o"] = replace(offers["gpt-4o"], resource=999)
    async with run_gateway(upstream.url, offers=offers, prices=FixedPrices()) as relaying:
        reply = await relaying.post(CHAT.path, CHAT.body)
    assert reply.status == 503
    assert reply.headers["x-tallystick-error"] == "price_unknown"
    assert upstream.calls == []


@pytest.mark.usefixtures("logged")
async def test_defect_is_answered_in_the_providers_shape(
    upstream: Upstream, capfd: pytest.CaptureFixture[str]
) -> None:
    async with run_gateway(upstream.url) as relaying:
        relaying.book.refusal = KeyError("secret detail")
        reply = await relaying.post(MESSAGE.path, MESSAGE.body)
        lease = relaying.gate.lease(PROJECT)
        assert lease.reserved_ucr == 0
    assert reply.status == 500
    assert read_refusal(MESSAGE, reply) == "internal_failure"
    out, err = capfd.readouterr()
    assert "request_failed" in out + err
    for secret in ("secret detail", SECRET, "Say tick"):
        assert secret not in reply.text + out + err
