"""A lean way to ask over plain HTTP: asyncio and httptools under httpx.

A validator asks its chain node and its peers some hundred times a second. httpx over its usual
transport takes 3 ms of CPU for one such question, over this one less than 1 ms. TLS goes the usual
way. Answers are read whole, up to a bound.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import Final, cast

import httptools
import httpx

MAX_IDLE: Final = 32
"""Connections kept for one address."""
MAX_HEAD_BYTES: Final = 65_536
"""Of an answer's head, and of what frames its body: as much again as the body may have."""
FIRST_FINAL_STATUS: Final = 200
"""Lower ones announce the answer."""

Address = tuple[str, int]


class _Connection(asyncio.Protocol):
    """One connection, which carries one exchange at a time."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[httpx.Response] | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._headers: list[tuple[bytes, bytes]] = []
        self._parts: list[bytes] = []
        self._size = 0
        self._received = 0
        self.is_open = False
        self.has_heard = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # what TCP always gives
        self.is_open = True

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_open = False
        self._fail(httpx.ReadError(f"the connection was closed: {exc}"))

    def data_received(self, data: bytes) -> None:
        self.has_heard = True
        self._received += len(data)
        if self._answer is None or self._answer.done():
            self.close()  # nothing was asked: what comes now belongs to no answer
            return
        if self._received > 2 * self._max_bytes + MAX_HEAD_BYTES:
            self._fail(httpx.ReadError(f"the answer goes on after {self._received} bytes"))
            self.close()
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(httpx.RemoteProtocolError(str(error)))
            self.close()

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name, value))

    def on_body(self, body: bytes) -> None:
        self._size += len(body)
        if self._size > self._max_bytes:
            self._fail(httpx.ReadError(f"the answer is longer than {self._max_bytes} bytes"))
            self.close()
        else:
            self._parts.append(body)

    def on_message_complete(self) -> None:
        if self._parser.get_status_code() < FIRST_FINAL_STATUS:
            self._headers, self._parts, self._size = [], [], 0
            return
        if not self._parser.should_keep_alive():
            self.close()
        answer = httpx.Response(
            self._parser.get_status_code(),
            headers=self._headers,
            stream=httpx.ByteStream(b"".join(self._parts)),
        )
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(answer)

    async def exchange(self, request: bytes) -> httpx.Response:
        """The answer to one request."""
        self._headers, self._parts, self._size, self._received = [], [], 0, 0
        self._parser = httptools.HttpResponseParser(self)
        self.has_heard = False
        self._answer = asyncio.get_running_loop().create_future()
        if self._transport is None or not self.is_open:
            raise httpx.WriteError("the connection is closed")
        self._transport.write(request)
        return await self._answer

    def close(self) -> None:
        self.is_open = False
        if self._transport is not None:
            self._transport.close()

    def _fail(self, error: httpx.TransportError) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)


class PlainTransport(httpx.AsyncBaseTransport):
    """Connections of one httpx client.

    Args:
        max_bytes: a longer answer is an error.
    """

    def __init__(self, *, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._idle: defaultdict[Address, list[_Connection]] = defaultdict(list)
        self._tls: httpx.AsyncHTTPTransport | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The answer, read whole.

        Raises:
            httpx.TransportError: none came, or not in time.
        """
        if request.url.scheme != "http":
            self._tls = self._tls or httpx.AsyncHTTPTransport()
            return await self._tls.handle_async_request(request)
        body = await request.aread()
        encoded = _encode_head(request) + body
        timeout_s = request.extensions.get("timeout", {}).get("read")
        try:
            async with asyncio.timeout(timeout_s):
                return await self._ask((request.url.host, request.url.port or 80), encoded)
        except TimeoutError as error:
            raise httpx.ReadTimeout("no answer in time", request=request) from error
        except OSError as error:
            raise httpx.ConnectError(str(error), request=request) from error

    async def aclose(self) -> None:
        """Every connection is closed."""
        for connections in self._idle.values():
            for connection in connections:
                connection.close()
        self._idle.clear()
        if self._tls is not None:
            await self._tls.aclose()

    async def _ask(self, address: Address, encoded: bytes) -> httpx.Response:
        while (kept := self._take_idle(address)) is not None:
            try:
                return await self._exchange(kept, address, encoded)
            except httpx.TransportError:
                if kept.has_heard:
                    raise
                # Closed by the other side while it was idle: not an answer, try the next one.
        _, connection = await asyncio.get_running_loop().create_connection(
            lambda: _Connection(self._max_bytes), *address
        )
        return await self._exchange(connection, address, encoded)

    async def _exchange(
        self, connection: _Connection, address: Address, encoded: bytes
    ) -> httpx.Response:
        try:
            answer = await connection.exchange(encoded)
        except BaseException:
            connection.close()
            raise
        if connection.is_open and len(self._idle[address]) < MAX_IDLE:
            self._idle[address].append(connection)
        else:
            connection.close()
        return answer

    def _take_idle(self, address: Address) -> _Connection | None:
        idle = self._idle[address]
        while idle:
            connection = idle.pop()
            if connection.is_open:
                return connection
        return None


def _encode_head(request: httpx.Request) -> bytes:
    """Request line and headers, as httpx made them."""
    lines = [b"%s %s HTTP/1.1" % (request.method.encode(), request.url.raw_path)]
    lines += [b"%s: %s" % header for header in request.headers.raw]
    return b"\r\n".join([*lines, b"", b""])
