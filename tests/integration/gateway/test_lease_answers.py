"""What a validator may answer to a gateway that asks for a lease."""

import asyncio

import httpx
import pytest

from tallystick.sidecar.gateway.lease_desk import MAX_ANSWER_BYTES, post_bounded

pytestmark = pytest.mark.integration


def test_answer_without_an_end_is_left() -> None:
    sent = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            while True:
                writer.write(bytes(MAX_ANSWER_BYTES))
                await writer.drain()
                sent += MAX_ANSWER_BYTES
        except ConnectionError:
            writer.close()

    async def play() -> int:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1/leases"
        async with server, httpx.AsyncClient(timeout=20.0) as http, asyncio.timeout(30):
            return (await post_bounded(http, url, {"meter": 1})).status_code

    assert asyncio.run(play()) == 200
    assert sent < 200 * MAX_ANSWER_BYTES
