"""The HTTP client towards upstreams: one connection pool, bytes in, bytes out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Final

import aiohttp
from aiohttp.abc import AbstractStreamWriter
from multidict import CIMultiDictProxy
from yarl import URL

from tallystick.meter.gateway.errors import (
    UpstreamBroken,
    UpstreamTimedOut,
    UpstreamUnreachable,
)
from tallystick.meter.gateway.offers import Upstream, UpstreamTimeouts

_PIECE_BYTES: Final = 1 << 16
_READ_BYTES: Final = 1 << 16
_IDLE_S: Final = 15.0
"""Connections rest no longer: many servers close theirs after 20 s or more."""
_DNS_S: Final = 60
_ATTEMPTS: Final = 2
_NO_AUTO_HEADERS: Final = ("User-Agent", "Accept", "Content-Type")


class Answer:
    """An upstream's answer, its head read, its body still to come.

    Errors of the connection come out of it as ours.
    """

    __slots__ = ("_content", "_response", "headers", "status")

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self._content = response.content
        self.status = response.status
        self.headers: CIMultiDictProxy[str] = response.headers

    async def read(self) -> bytes:
        """What has come since, waiting for at least a byte; b"" at the end.

        Raises:
            UpstreamBroken: the answer broke off.
            UpstreamTimedOut: nothing came for too long.
        """
        try:
            return await self._content.readany()
        except aiohttp.ServerTimeoutError as error:
            raise UpstreamTimedOut("the upstream fell silent amid its answer") from error
        except (aiohttp.ClientError, OSError) as error:
            raise UpstreamBroken("the upstream's answer broke off") from error

    def read_ready(self) -> bytes:
        """What has come already, without waiting; b"" if nothing has."""
        return b"" if self._content.exception() else self._content.read_nowait()

    def close(self) -> None:
        """The connection is closed if the answer has not ended, else it is free again."""
        self._response.close()


class _Body(aiohttp.Payload):
    """A body in pieces, so that a large one stops neither the loop nor what else it carries."""

    _autoclose = True

    def __init__(self, value: bytes) -> None:
        super().__init__(value)
        self._size = len(value)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return str(self._value, encoding, errors)

    async def as_bytes(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:  # noqa: ARG002
        return bytes(self._value)

    async def write(self, writer: AbstractStreamWriter) -> None:
        view = memoryview(self._value)
        for start in range(0, len(view), _PIECE_BYTES):
            await writer.write(view[start : start + _PIECE_BYTES])


class UpstreamClient:
    """Sends calls to upstreams; made by `open_client`."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session
        self._timeouts: dict[UpstreamTimeouts, aiohttp.ClientTimeout] = {}
        self.retries = 0
        """Calls sent a second time because the first time no byte of an answer came."""

    async def send(
        self, upstream: Upstream, target: str, headers: Iterable[tuple[str, str]], body: bytes
    ) -> Answer:
        """The call is sent and its answer's head has come.

        Sent once more if the connection fails before a byte of an answer: it may have been closed
        while it rested.

        Args:
            upstream: whom to ask.
            target: path and query, percent-encoded.
            headers: complete but for the connection's own.
            body: as it goes upstream.

        Raises:
            UpstreamUnreachable: no connection stood, twice.
            UpstreamTimedOut: the call was sent and no answer came in time.
            UpstreamBroken: what came is no HTTP answer.
        """
        url = URL(upstream.url + target, encoded=True)
        timeout = self._find_timeout(upstream.timeouts)
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return await self._send_once(url, headers, body, timeout)
            except aiohttp.SocketTimeoutError as error:
                raise UpstreamTimedOut("the upstream did not answer in time") from error
            except (aiohttp.ClientConnectionError, OSError) as error:
                if attempt == _ATTEMPTS or isinstance(error, aiohttp.ServerTimeoutError):
                    raise UpstreamUnreachable("the upstream cannot be reached") from error
                self.retries += 1
            except aiohttp.ClientError as error:
                raise UpstreamBroken("the upstream's answer is no HTTP") from error
        raise AssertionError  # pragma: no cover - the last attempt returns or raises

    async def _send_once(
        self,
        url: URL,
        headers: Iterable[tuple[str, str]],
        body: bytes,
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - the client's own kind, by step
    ) -> Answer:
        data = body if len(body) <= _PIECE_BYTES else _Body(body)
        response = await self._session.request(
            "POST", url, headers=headers, data=data, timeout=timeout, allow_redirects=False
        )
        return Answer(response)

    def _find_timeout(self, timeouts: UpstreamTimeouts) -> aiohttp.ClientTimeout:
        found = self._timeouts.get(timeouts)
        if found is None:
            found = self._timeouts[timeouts] = aiohttp.ClientTimeout(
                total=None, sock_connect=timeouts.connect_s, sock_read=timeouts.idle_s
            )
        return found


@asynccontextmanager
async def open_client() -> AsyncIterator[UpstreamClient]:
    """A client whose connections end with the context.

    It follows no redirect, keeps no cookie, reads no proxy from the environment and unpacks
    nothing. How many connections it opens is bounded by the gateway's calls in flight.
    """
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=_IDLE_S, ttl_dns_cache=_DNS_S)
    async with aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        read_bufsize=_READ_BYTES,
        skip_auto_headers=_NO_AUTO_HEADERS,
    ) as session:
        yield UpstreamClient(session)
