"""The lean transport against servers of every kind."""

import asyncio
from collections.abc import Awaitable, Callable

import httpx
import pytest

from tallystick_node.http_transport import PlainTransport

pytestmark = pytest.mark.integration

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n"
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def read_request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    fields = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:-2])
    return await reader.readexactly(int(fields[b"Content-Length"]))


def talk(
    answers: list[bytes], *, count: int = 1, closes: bool = False, timeout_s: float = 5.0
) -> tuple[list[str | type[Exception]], int, list[bytes]]:
    """What `count` questions were answered, over how many connections, and what arrived.

    Each connection gives the answers in turn, then closes where told.
    """

    async def play() -> tuple[list[str | type[Exception]], int, list[bytes]]:
        connections, arrived = 0, []

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal connections
            connections += 1
            try:
                for answer in answers:
                    arrived.append(await read_request(reader))
                    writer.write(answer)
                    if closes:
                        break
                    if not answer:
                        await reader.read()
            except asyncio.IncompleteReadError:
                pass
            finally:
                writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/path"
        found: list[str | type[Exception]] = []
        transport = PlainTransport(max_bytes=10)
        async with httpx.AsyncClient(transport=transport, timeout=timeout_s) as http:
            for number in range(count):
                try:
                    found.append((await http.post(url, content=b"%d" % number)).text)
                except httpx.TransportError as error:
                    found.append(type(error))
                await asyncio.sleep(0.02)
        server.close()
        await server.wait_closed()
        return found, connections, arrived

    return asyncio.run(play())


@pytest.mark.parametrize("answer", [OK, CHUNKED])
def test_connection_is_kept_for_the_next_question(answer: bytes) -> None:
    assert talk([answer] * 3, count=3) == (["ok"] * 3, 1, [b"0", b"1", b"2"])


def test_question_goes_over_a_new_connection_when_the_kept_one_was_closed() -> None:
    assert talk([OK], count=3, closes=True) == (["ok"] * 3, 3, [b"0", b"1", b"2"])


def test_answer_is_an_error_when_too_long() -> None:
    long = b"HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n" + bytes(11)
    assert talk([long]) == ([httpx.ReadError], 1, [b"0"])


@pytest.mark.parametrize(
    "endless",
    [
        b"HTTP/1.1 200 OK\r\n" + b"x-more: %s\r\n" % bytes(b"x" * 1_000) * 100,
        b"HTTP/1.1 102 Processing\r\n\r\n" * 5_000,
        b"HTTP/1.1 200 OK\r\nx-more: " + b"x" * 100_000,
    ],
    ids=["headers", "announcements", "one header"],
)
def test_answer_is_an_error_when_its_head_does_not_end(endless: bytes) -> None:
    assert talk([endless]) == ([httpx.ReadError], 1, [b"0"])


def test_answer_counts_when_another_announced_it() -> None:
    assert talk([b"HTTP/1.1 102 Processing\r\nx-a: b\r\n\r\n" + OK])[0] == ["ok"]


def test_connection_is_closed_when_more_comes_than_was_asked_for() -> None:
    async def play() -> None:
        closed = asyncio.Event()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read_request(reader)
            writer.write(OK)
            await asyncio.sleep(0.05)
            writer.write(OK)
            await reader.read()
            closed.set()
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        async with httpx.AsyncClient(transport=PlainTransport(max_bytes=10)) as http:
            assert (await http.post(url, content=b"0")).text == "ok"
            async with asyncio.timeout(30):
                await closed.wait()
        server.close()
        await server.wait_closed()

    asyncio.run(play())


def test_answer_is_an_error_when_it_is_no_http() -> None:
    assert talk([b"hello\r\n\r\n"])[0] == [httpx.RemoteProtocolError]


def test_answer_is_an_error_when_it_breaks_off() -> None:
    assert talk([OK[:-1]], closes=True)[0] == [httpx.ReadError]


def test_answer_is_an_error_when_it_does_not_come_in_time() -> None:
    assert talk([b""], timeout_s=0.05)[0] == [httpx.ReadTimeout]


def test_address_without_server_is_an_error() -> None:
    async def play() -> None:
        async with httpx.AsyncClient(transport=PlainTransport(max_bytes=10)) as http:
            with pytest.raises(httpx.ConnectError):
                await http.get("http://127.0.0.1:1/")

    asyncio.run(play())
