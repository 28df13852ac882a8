"""The HTTP client towards upstreams: connections kept, bytes in, bytes out.

It follows no redirect, keeps no cookie, reads no proxy from the environment and unpacks nothing.
How many connections it opens is bounded by the gateway's calls in flight.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from tallystick.meter.gateway.connection import Answer, Connection
from tallystick.meter.gateway.errors import UpstreamUnreachable
from tallystick.meter.gateway.offers import Upstream

__all__ = ["Answer", "UpstreamClient", "open_client"]

_IDLE_S: Final = 15.0
"""Connections rest no longer: many servers close theirs after 20 s or more."""
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


@dataclass(slots=True)
class _Site:
    """Where an upstream is, and the connections to it that rest."""

    host: str
    port: int
    is_tls: bool
    host_header: str
    path: str
    resting: deque[Connection] = field(default_factory=deque)

    def release(self, connection: Connection) -> None:
        """The connection may be used again."""
        connection.rests_since_s = asyncio.get_running_loop().time()
        self.resting.append(connection)

    def find(self, now_s: float) -> Connection | None:
        """The connection that rests the shortest, if one is usable."""
        while self.resting:
            connection = self.resting.pop()
            if connection.is_usable and now_s - connection.rests_since_s < _IDLE_S:
                return connection
            connection.abort()
        return None

    def sweep(self, before_s: float) -> None:
        """Connections that rest since before then are closed."""
        while self.resting and self.resting[0].rests_since_s < before_s:
            self.resting.popleft().abort()


class UpstreamClient:
    """Sends calls to upstreams; made by `open_client`."""

    def __init__(self) -> None:
        self._sites: dict[str, _Site] = {}
        self._tls: ssl.SSLContext | None = None
        self._loop = asyncio.get_running_loop()
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
            headers: complete but for Host and Content-Length.
            body: as it goes upstream.

        Raises:
            UpstreamUnreachable: no connection stood, twice.
            UpstreamTimedOut: the call was sent and no answer came in time.
            UpstreamBroken: what came is no HTTP answer.
        """
        site = self._sites.get(upstream.url) or self._add_site(upstream.url)
        request = _format_request(site, target, headers, body)
        resting = site.find(self._loop.time())
        try:
            return await self._send_once(site, resting, request, upstream)
        except UpstreamUnreachable as error:
            if isinstance(error.__cause__, TimeoutError):
                raise  # the client has waited long enough
            self.retries += 1
        return await self._send_once(site, None, request, upstream)

    def sweep(self) -> None:
        """Connections that have rested for long are closed."""
        before_s = self._loop.time() - _IDLE_S
        for site in self._sites.values():
            site.sweep(before_s)

    def close(self) -> None:
        """No connection rests any more."""
        for site in self._sites.values():
            site.sweep(float("inf"))

    async def _send_once(
        self, site: _Site, connection: Connection | None, request: bytes, upstream: Upstream
    ) -> Answer:
        if connection is None:
            connection = await self._connect(site, upstream.timeouts.connect_s)
        head = connection.send(request, upstream.timeouts.idle_s)
        try:
            return await head
        except asyncio.CancelledError:
            connection.abort()
            raise

    async def _connect(self, site: _Site, connect_s: float) -> Connection:
        try:
            async with asyncio.timeout(connect_s):
                _, connection = await self._loop.create_connection(
                    lambda: Connection(site.release),
                    site.host,
                    site.port,
                    ssl=self._find_tls() if site.is_tls else None,
                )
        except (OSError, TimeoutError) as error:
            raise UpstreamUnreachable("the upstream cannot be reached") from error
        return connection

    def _find_tls(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.create_default_context()
        return self._tls

    def _add_site(self, url: str) -> _Site:
        """Upstreams are configured, so that sites are as few."""
        parts = urlsplit(url)
        port = parts.port or _DEFAULT_PORTS[parts.scheme]
        host = parts.hostname or ""
        named = f"[{host}]" if ":" in host else host
        host_header = named if parts.port is None else f"{named}:{port}"
        path = parts.path.rstrip("/")
        site = _Site(host, port, parts.scheme == "https", host_header, path)
        self._sites[url] = site
        return site


@asynccontextmanager
async def open_client() -> AsyncIterator[UpstreamClient]:
    """A client whose resting connections end with the context."""
    client = UpstreamClient()
    sweeping = asyncio.create_task(_sweep(client))
    try:
        yield client
    finally:
        sweeping.cancel()
        client.close()


async def _sweep(client: UpstreamClient) -> None:
    while True:
        await asyncio.sleep(_IDLE_S)
        client.sweep()


def _format_request(
    site: _Site, target: str, headers: Iterable[tuple[str, str]], body: bytes
) -> bytes:
    """The request's bytes.

    Raises:
        ValueError: a header or the target would add lines of its own.
    """
    lines = [f"POST {site.path}{target} HTTP/1.1", f"Host: {site.host_header}"]
    lines += [f"{name}: {value}" for name, value in headers]
    lines.append(f"Content-Length: {len(body)}")
    head = "\r\n".join(lines)
    if head.count("\n") != len(lines) - 1 or head.count("\r") != len(lines) - 1 or "\0" in head:
        raise ValueError("a header of the request holds a line break")
    return head.encode("utf-8", "surrogateescape") + b"\r\n\r\n" + body
