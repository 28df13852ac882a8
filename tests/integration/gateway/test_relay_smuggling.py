"""Requests that two servers could read in two ways are refused whole, and nothing follows them."""

import asyncio

import pytest
from tests.integration.gateway.calls import CHAT
from tests.integration.gateway.relaying import SECRET, Relaying, run_gateway
from tests.upstream.server import Upstream

pytestmark = [pytest.mark.integration, pytest.mark.anyio]

BODY = b'{"model":"gpt-4o","messages":[]}'
HEAD = (
    f"POST {CHAT.path} HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {SECRET}\r\n"
    "Content-Type: application/json\r\n"
).encode()
SMUGGLED = HEAD + b"Content-Length: 2\r\n\r\n{}"
LENGTH = f"Content-Length: {len(BODY)}\r\n".encode()
CHUNKED = b"Transfer-Encoding: chunked\r\n"
CHUNKS = b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)


async def send(relaying: Relaying, request: bytes) -> bytes:
    """Everything the gateway answers until it closes the connection, or falls silent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", relaying.port)
    writer.write(request)
    answer = bytearray()
    try:
        async with asyncio.timeout(1.0):
            while data := await reader.read(65_536):
                answer += data
    except (TimeoutError, ConnectionResetError):
        pass
    writer.close()
    return bytes(answer)


@pytest.mark.parametrize(
    "request_bytes",
    [
        pytest.param(HEAD + LENGTH + CHUNKED + b"\r\n" + CHUNKS, id="length and chunks"),
        pytest.param(HEAD + CHUNKED + LENGTH + b"\r\n" + CHUNKS, id="chunks and length"),
        pytest.param(HEAD + LENGTH + b"Content-Length: 3\r\n\r\n" + BODY, id="two lengths"),
        pytest.param(HEAD + LENGTH + LENGTH + b"\r\n" + BODY, id="the same length twice"),
        pytest.param(HEAD + b"Content-Length: 32, 32\r\n\r\n" + BODY, id="list of lengths"),
        pytest.param(HEAD + b"Content-Length: +32\r\n\r\n" + BODY, id="signed length"),
        pytest.param(HEAD + b"Content-Length: 0x20\r\n\r\n" + BODY, id="length in hex"),
        pytest.param(HEAD + b"Content-Length: -1\r\n\r\n", id="negative length"),
        pytest.param(HEAD + b"Content-Length : 32\r\n\r\n" + BODY, id="space before the colon"),
        pytest.param(HEAD + b"X-A: b\r\n c: d\r\n" + LENGTH + b"\r\n" + BODY, id="folded line"),
        pytest.param(HEAD + b" X-A: b\r\n" + LENGTH + b"\r\n" + BODY, id="line with a margin"),
        pytest.param(HEAD + b"X-A: b\x00c\r\n" + LENGTH + b"\r\n" + BODY, id="zero byte"),
        pytest.param(HEAD + b"X-A: b\rX-B: c\r\n" + LENGTH + b"\r\n" + BODY, id="bare return"),
        pytest.param(HEAD + b"Transfer-Encoding: xchunked\r\n\r\n" + CHUNKS, id="no such coding"),
        pytest.param(HEAD + b"Transfer-Encoding: chunked, x\r\n\r\n" + CHUNKS, id="not the last"),
        pytest.param(HEAD + CHUNKED + CHUNKED + b"\r\n" + CHUNKS, id="chunked twice"),
        pytest.param(HEAD + CHUNKED + b"\r\nzz\r\n" + BODY, id="size that is no number"),
        pytest.param(HEAD + CHUNKED + b"\r\n-20\r\n" + BODY + b"\r\n0\r\n\r\n", id="negative size"),
        pytest.param(HEAD + CHUNKED + b"\r\n20 \x00\r\n" + BODY, id="size with a zero byte"),
        pytest.param(HEAD + CHUNKED + b"\r\n20\n" + BODY + b"\n0\n\n", id="bare line feeds"),
        pytest.param(b"POST / HTTP/9.9\r\nHost: g\r\n\r\n", id="no such version"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00", id="TLS"),
    ],
)
async def test_ambiguous_request_is_refused_and_its_connection_closed(
    upstream: Upstream, request_bytes: bytes
) -> None:
    async with run_gateway(upstream.url) as relaying:
        answer = await send(relaying, request_bytes + SMUGGLED)
        assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.0 400"))
        assert answer.count(b"\r\nDate: ") == 1
        assert relaying.book.begun == {}
        assert (await relaying.post(CHAT.path, CHAT.body)).status == 200
    assert len(upstream.calls) == 1


async def test_requests_in_a_row_are_answered_in_their_order(upstream: Upstream) -> None:
    two = HEAD + LENGTH + b"\r\n" + BODY + HEAD + CHUNKED + b"\r\n" + CHUNKS
    async with run_gateway(upstream.url) as relaying:
        answer = await send(
            relaying, two + HEAD + b"Connection: close\r\nContent-Length: 0\r\n\r\n"
        )
    assert answer.count(b"HTTP/1.1 200") == 2
    assert answer.rfind(b"HTTP/1.1 400") > answer.rfind(b"HTTP/1.1 200")
    assert [call.body for call in upstream.calls] == [BODY, BODY]


@pytest.mark.parametrize(
    "filling",
    [
        pytest.param(b"X-Long: " + b"a" * (10 << 20) + b"\r\n", id="one of 10 MB"),
        pytest.param(b"X-Many: " + b"a" * 8_000 + b"\r\n", id="many, together 10 MB"),
    ],
)
async def test_headers_of_megabytes_are_refused(upstream: Upstream, filling: bytes) -> None:
    headers = filling * ((10 << 20) // len(filling) + 1)
    async with run_gateway(upstream.url) as relaying:
        answer = await send(relaying, HEAD + headers + LENGTH + b"\r\n" + BODY)
        assert answer == b"" or answer.startswith((b"HTTP/1.1 400", b"HTTP/1.0 400"))
        assert (await relaying.post(CHAT.path, CHAT.body)).status == 200
    assert len(upstream.calls) == 1


async def test_what_is_refused_is_in_no_log(
    upstream: Upstream, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    async with run_gateway(upstream.url) as relaying:
        await send(relaying, HEAD + b"X-A: Bearer tsk_leaked\x00\r\n\r\n")
        await send(relaying, HEAD + b"Content-Length: tsk_leaked\r\n\r\n")
    out, err = capfd.readouterr()
    assert "tsk_leaked" not in out + err + caplog.text


async def test_expectation_is_answered_before_the_body_comes(upstream: Upstream) -> None:
    async with run_gateway(upstream.url) as relaying:
        reader, writer = await asyncio.open_connection("127.0.0.1", relaying.port)
        writer.write(HEAD + LENGTH + b"Expect: 100-continue\r\nConnection: close\r\n\r\n")
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(BODY)
        assert (await reader.read()).startswith(b"HTTP/1.1 200")
        writer.close()


async def test_old_clients_are_served(upstream: Upstream) -> None:
    old = HEAD.replace(b"HTTP/1.1", b"HTTP/1.0") + LENGTH + b"\r\n"
    async with run_gateway(upstream.url) as relaying:
        answer = await send(relaying, old + BODY)
        assert b" 200 OK\r\n" in answer
        streamed = BODY[:-1] + b',"stream":true}'
        head = old.replace(LENGTH, b"Content-Length: %d\r\n" % len(streamed))
        answer = await send(relaying, head + streamed)
    assert b"chunked" not in answer.lower()
    assert answer.rstrip().endswith(b"[DONE]")
