"""Metrics of programs that have no server of their own: one page, for this machine alone."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.registry import Collector

from tallystick.sidecar.errors import ConfigInvalid

MAX_HEAD_BYTES: Final = 8_192
HEAD_S: Final = 5.0
MAX_READERS: Final = 16
MAX_PORT: Final = 65_535
_TYPE: Final = b"text/plain; version=0.0.4; charset=utf-8"


def parse_loopback(text: str) -> tuple[str, int]:
    """Host and port of `HOST:PORT`, where only this machine can reach them; port 0 = any free one.

    Raises:
        ConfigInvalid: something else. What is metered for whom is nobody else's business.
    """
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    is_port = port.isascii() and port.isdigit() and int(port) <= MAX_PORT
    if not is_port or not _is_loopback(host):
        raise ConfigInvalid(
            "metrics are for this machine alone", expected="such as 127.0.0.1:9105", actual=text
        )
    return host, int(port)


@asynccontextmanager
async def serve_metrics(listen: str, collectors: Sequence[Collector]) -> AsyncIterator[str]:
    """`GET /metrics` answers inside the block; gives its address. Nothing is opened for "".

    Args:
        listen: see `parse_loopback`; empty: nowhere.
        collectors: read on this event loop, whenever somebody asks.

    Raises:
        ConfigInvalid: it cannot listen there.
    """
    if not listen:
        yield ""
        return
    page = _Page(collectors)
    host, port = parse_loopback(listen)
    try:
        server = await asyncio.start_server(page.answer, host, port, limit=MAX_HEAD_BYTES)
    except OSError as error:
        raise ConfigInvalid(
            "cannot listen for readers of metrics", expected="a free port", actual=listen
        ) from error
    async with server:
        yield f"http://{host}:{server.sockets[0].getsockname()[1]}/metrics"


class _Page:
    """Answers one request a connection."""

    def __init__(self, collectors: Sequence[Collector]) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        for collector in collectors:
            self._registry.register(collector)
        self._readers = asyncio.Semaphore(MAX_READERS)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """The page, or 404; whoever is too slow is cut off."""
        # asyncio.TimeoutError is the built-in one; a head that is too long is a LimitOverrunError.
        with suppress(
            OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError
        ):
            async with self._readers, asyncio.timeout(HEAD_S):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(self._respond(head))
                await writer.drain()
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    def _respond(self, head: bytes) -> bytes:
        is_found = head.split(b"\r\n", 1)[0].startswith((b"GET /metrics ", b"GET /metrics?"))
        status = b"200 OK" if is_found else b"404 Not Found"
        body = generate_latest(self._registry) if is_found else b""
        length = str(len(body)).encode()
        fields = b"Content-Type: %b\r\nContent-Length: %b\r\nConnection: close" % (_TYPE, length)
        return b"HTTP/1.1 %b\r\n%b\r\n\r\n%b" % (status, fields, body)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
