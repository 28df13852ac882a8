"""The endpoint pool against real sockets: dead, silent, endless and restarted endpoints."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.integration.anvil import run_anvil

from tallystick.chain import rpc as rpc_module
from tallystick.chain.errors import ChainUnreachable, Refusal, RpcRefused
from tallystick.chain.rpc import Rpc

pytestmark = pytest.mark.integration

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"


@asynccontextmanager
async def serve(answer: Answer) -> AsyncIterator[str]:
    """The URL of a server that reads a request's head and then does as told."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await answer(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def say_nothing(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


async def talk_for_ever(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + b"\r\n[")
    while not writer.is_closing():
        writer.write(b" " * 65_536)
        await writer.drain()


async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def stop_halfway(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + b'content-length: 500\r\n\r\n{"id":0,"result":')
    await writer.drain()


async def answer_once(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Keep-alive by its own words, and gone all the same."""
    body = b'{"jsonrpc":"2.0","id":0,"result":"0x1"}'
    writer.write(HEAD + b"content-length: %d\r\n\r\n" % len(body) + body)
    await writer.drain()


@pytest.mark.parametrize("answer", [say_nothing, hang_up, stop_halfway])
def test_chain_is_reached_past_an_endpoint_that_fails(tmp_path: Path, answer: Answer) -> None:
    async def ask(good_url: str) -> object:
        async with serve(answer) as bad_url:
            rpc = Rpc([bad_url, good_url], timeout_s=0.3)
            try:
                return await rpc.call_many([("eth_chainId", ()), ("eth_blockNumber", ())])
            finally:
                await rpc.aclose()

    with run_anvil(tmp_path) as url:
        assert asyncio.run(ask(url)) == [hex(82_559), "0x0"]


@pytest.mark.parametrize("answer", [say_nothing, hang_up, stop_halfway])
def test_chain_is_unreachable_when_its_only_endpoint_fails(answer: Answer) -> None:
    async def ask() -> None:
        async with serve(answer) as url:
            rpc = Rpc([url], timeout_s=0.2)
            try:
                await rpc.call("eth_chainId")
            finally:
                await rpc.aclose()

    with pytest.raises(ChainUnreachable):
        asyncio.run(ask())


def test_answer_without_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rpc_module, "MAX_ANSWER_BYTES", 1_000_000)

    async def ask() -> None:
        async with serve(talk_for_ever) as url:
            rpc = Rpc([url])
            try:
                await rpc.call("eth_chainId")
            finally:
                await rpc.aclose()

    with pytest.raises(RpcRefused) as caught:
        asyncio.run(ask())
    assert caught.value.refusal is Refusal.OVER_LIMIT


def test_endpoint_is_asked_again_after_it_closed_the_connection() -> None:
    async def ask_often() -> list[object]:
        async with serve(answer_once) as url:
            rpc = Rpc([url])
            try:
                return [await rpc.call("eth_chainId") for _ in range(5)]
            finally:
                await rpc.aclose()

    assert asyncio.run(ask_often()) == ["0x1"] * 5
