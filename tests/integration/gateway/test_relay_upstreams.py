"""Upstreams that answer strangely: their connections are used again only where that is safe."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
import pytest
from tests.integration.gateway.calls import CHAT
from tests.integration.gateway.relaying import SECRET, UPSTREAM_SECRET, Relaying, run_gateway
from tests.upstream.server import Upstream

from tallystick.core.usage import Flag
from tallystick.meter.gateway.client import open_client
from tallystick.meter.gateway.offers import Upstream as Target

pytestmark = [pytest.mark.integration, pytest.mark.anyio]

BODY = b'{"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
LENGTH = b"Content-Length: %d\r\n\r\n" % len(BODY)
GOOD = HEAD + LENGTH + BODY

Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Site:
    """An upstream that says what the test wrote down, to one connection after the other."""

    def __init__(self, *answers: bytes, closes: bool = False) -> None:
        self.answers = list(answers)
        self.closes = closes
        self.connections = 0
        self.requests: list[bytes] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while self.answers:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
                self.requests.append(head + await reader.readexactly(length))
                writer.write(self.answers.pop(0))
                await writer.drain()
                if self.closes:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def relaying_to(site: Site) -> AsyncIterator[Relaying]:
    server = await asyncio.start_server(site.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with run_gateway(f"http://127.0.0.1:{port}/base/") as relaying:
        yield relaying
    server.close()


async def test_connection_is_used_again(upstream: Upstream) -> None:
    site = Site(GOOD, GOOD, GOOD)
    async with relaying_to(site) as relaying:
        for _ in range(3):
            assert (await relaying.post(CHAT.path, CHAT.body)).body == BODY
    assert site.connections == 1
    assert site.requests[0].startswith(
        b"POST /base/v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:"
    )


async def test_connection_that_was_closed_while_it_rested_is_replaced() -> None:
    site = Site(GOOD, GOOD, closes=True)
    async with relaying_to(site) as relaying:
        assert (await relaying.post(CHAT.path, CHAT.body)).status == 200
        assert (await relaying.post(CHAT.path, CHAT.body)).status == 200
        assert len(relaying.book.rows) == 2
    assert site.connections == 2


async def test_connection_with_more_than_an_answer_is_not_used_again() -> None:
    site = Site(GOOD + b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nother", GOOD, GOOD)
    async with relaying_to(site) as relaying:
        first = await relaying.post(CHAT.path, CHAT.body)
        second = await relaying.post(CHAT.path, CHAT.body)
    assert b"other" not in first.body + second.body
    assert site.connections == 2


async def test_connection_is_not_used_again_when_the_upstream_says_close() -> None:
    closing = HEAD + b"Connection: close\r\n" + LENGTH + BODY
    site = Site(closing, GOOD)
    async with relaying_to(site) as relaying:
        await relaying.post(CHAT.path, CHAT.body)
        assert (await relaying.post(CHAT.path, CHAT.body)).body == BODY
    assert site.connections == 2


async def test_answer_without_a_length_ends_with_its_connection() -> None:
    site = Site(HEAD + b"\r\n" + BODY, closes=True)
    async with relaying_to(site) as relaying:
        reply = await relaying.post(CHAT.path, CHAT.body)
        assert reply.body == BODY
        assert relaying.book.row["in_fresh"] == 3


async def test_informational_answers_are_skipped() -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
    site = Site(hints + GOOD, GOOD)
    async with relaying_to(site) as relaying:
        reply = await relaying.post(CHAT.path, CHAT.body)
        assert (reply.status, reply.body) == (200, BODY)
        assert "Link" not in reply.headers
        assert (await relaying.post(CHAT.path, CHAT.body)).status == 200


async def test_answer_without_a_body_passes() -> None:
    site = Site(b"HTTP/1.1 204 No Content\r\n\r\n", GOOD)
    async with relaying_to(site) as relaying:
        assert (await relaying.post(CHAT.path, CHAT.body)).status == 204
        assert (await relaying.post(CHAT.path, CHAT.body)).status == 200


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"garbage\r\n\r\n", id="garbage"),
        pytest.param(b"SSH-2.0-OpenSSH_9.9\r\n", id="another protocol"),
        pytest.param(b"HTTP/1.1 abc OK\r\n\r\n", id="no status"),
        pytest.param(HEAD + b"X-A: " + b"a" * 200_000 + b"\r\n" + LENGTH + BODY, id="long head"),
        pytest.param(
            HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            id="length and chunks",
        ),
        pytest.param(HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", id="two lengths"),
    ],
)
async def test_answer_that_is_no_http_is_refused_and_not_billed(answer: bytes) -> None:
    site = Site(answer, GOOD)
    async with relaying_to(site) as relaying:
        reply = await relaying.post(CHAT.path, CHAT.body)
        assert reply.status == 502
        assert relaying.book.rows == []
        assert relaying.book.open_calls == 0
        assert (await relaying.post(CHAT.path, CHAT.body)).body == BODY


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(HEAD + b"Content-Length: 999\r\n\r\n" + BODY, id="short of its length"),
        pytest.param(
            HEAD + b"Transfer-Encoding: chunked\r\n\r\n44\r\n" + BODY + b"\r\n", id="no last chunk"
        ),
        pytest.param(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + BODY, id="bad chunk"),
    ],
)
async def test_answer_that_breaks_off_is_refused_and_estimated(answer: bytes) -> None:
    async with relaying_to(Site(answer, closes=True)) as relaying:
        reply = await relaying.post(CHAT.path, CHAT.body)
        assert reply.status == 502
        assert reply.headers["x-tallystick-error"] == "upstream_broken"
        assert relaying.book.row["flags"] & Flag.UPSTREAM_FAILED


async def test_upstream_waits_for_a_slow_client() -> None:
    total, sent = 64 << 20, 0
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: %d\r\n\r\n"

    async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head % total)
        while sent < total:
            writer.write(b"x" * (1 << 16))
            await writer.drain()
            sent += 1 << 16
        writer.close()

    server = await asyncio.start_server(pour, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with run_gateway(url) as relaying:
        answer = await relaying.session.post(
            relaying.url + CHAT.path,
            json=CHAT.streamed.body,
            headers={"Authorization": f"Bearer {SECRET}"},
        )
        before = -1
        while before != sent:
            before = sent
            await asyncio.sleep(0.5)
        assert 0 < sent < total
        seen = 0
        async for data in answer.content.iter_any():
            seen += len(data)
        assert seen == total
    server.close()


async def test_line_breaks_never_reach_an_upstream() -> None:
    site = Site(GOOD)
    server = await asyncio.start_server(site.serve, "127.0.0.1", 0)
    target = Target("up", f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    async with open_client() as client:
        for name, value in [("X-A", "b\r\nX-C: d"), ("X-A: b\nX-C", "d"), ("X-A", "b\0")]:
            with pytest.raises(ValueError, match="line break"):
                await client.send(target, "/v1/x", [(name, value)], b"")
        with pytest.raises(ValueError, match="line break"):
            await client.send(target, "/v1/x HTTP/1.1\r\nX-A: b", [], b"")
    server.close()
    assert site.requests == []


async def test_server_that_proves_nothing_is_not_spoken_to() -> None:
    heard = bytearray()

    async def answer_plainly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.extend(await reader.read(65_536))
        writer.write(GOOD)
        writer.close()

    server = await asyncio.start_server(answer_plainly, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with run_gateway(f"https://127.0.0.1:{port}") as relaying:
        reply = await relaying.post(CHAT.path, CHAT.body)
        assert reply.status == 502
        assert relaying.book.rows == []
    server.close()
    assert UPSTREAM_SECRET.encode() not in heard


async def test_answer_passes_to_a_client_that_sends_several_at_once(upstream: Upstream) -> None:
    async with run_gateway(upstream.url) as relaying, aiohttp.ClientSession() as session:
        replies = await asyncio.gather(
            *(
                session.post(
                    relaying.url + CHAT.path,
                    json=CHAT.body,
                    headers={"Authorization": "Bearer tsk_application"},
                )
                for _ in range(300)
            )
        )
        assert {reply.status for reply in replies} == {200}
        assert len(relaying.book.rows) == 300
