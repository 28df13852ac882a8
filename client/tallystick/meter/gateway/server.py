"""Serves a gateway on a socket."""

from __future__ import annotations

import asyncio
import gc
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from aiohttp import web

from tallystick.core.errors import TallystickError
from tallystick.meter.connections import OTHER_DESCRIPTORS, ConnectionRoom, fit_descriptors
from tallystick.meter.gateway.answer_headers import SERVER
from tallystick.meter.gateway.client import UpstreamClient, open_client
from tallystick.meter.gateway.errors import RouteUnknown
from tallystick.meter.gateway.gateway import Gateway, Handler
from tallystick.meter.gateway.metrics import render_metrics
from tallystick.meter.gateway.pages import Pages, guess_dialect
from tallystick.meter.gateway.relay import Relay
from tallystick.meter.parse.routes import find_route

_IDLE_S: Final = 75.0
"""For the next request's head to arrive whole, the first one's included."""
_LINGER_S: Final = 2.0
"""For the rest of a body that was refused; whoever sends on is cut off."""
_READ_BYTES: Final = 1 << 16
_CANCEL_S: Final = 0.2
"""For connections without a call to end."""
_BACKLOG: Final = 1024
_CONNECTIONS: Final = 4_096
"""Of one process; those that wait longest make room for new ones."""


class GatewayServer:
    """Answers every request that reaches a gateway: calls, its own pages, extra routes.

    Args:
        gateway: the parts.
        client: towards upstreams.
        room: for connections.
    """

    def __init__(self, gateway: Gateway, client: UpstreamClient, room: ConnectionRoom) -> None:
        self._room = room
        self._extra_routes = dict(gateway.extra_routes)
        self._collectors = gateway.collectors
        self.relay = Relay(gateway, client)
        self._pages = Pages(gateway, self.relay)

    @property
    def in_flight(self) -> int:
        """Calls under way."""
        return self.relay.counts.in_flight

    def render_metrics(self) -> bytes:
        """What this process has counted, as Prometheus scrapes it."""
        return render_metrics((self.relay.counts, *self._collectors))

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """The answer to one request; its connection is not closed for others meanwhile."""
        transport = request.transport
        if transport is None:
            return await self._answer(request)
        self._room.serve(transport)
        try:
            return await self._answer(request)
        finally:
            self._room.wait(transport)

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        path, _, query = request.raw_path.partition("?")
        route = find_route(request.method, path)
        if route is not None:
            response = await self.relay.relay(request, route, query)
        else:
            response = await self._answer_other(request, path, query)
        response.headers["Server"] = SERVER
        if self.relay.is_stopping:
            response.force_close()
        return response

    async def _answer_other(
        self, request: web.BaseRequest, path: str, query: str
    ) -> web.StreamResponse:
        try:
            if (extra := self._extra_routes.get(path)) is not None:
                return await extra(request)
            if (page := self._pages.find(request, query)) is not None:
                return page
        except TallystickError as error:
            return self.relay.refuse(guess_dialect(request), error)
        except (ConnectionError, web.HTTPException):
            raise
        except Exception as error:  # noqa: BLE001 - the last handler beside the relay's
            return self.relay.refuse_defect(guess_dialect(request), error)
        unknown = RouteUnknown(
            "the gateway meters no such route, so it relays none",
            actual=f"{request.method} {path[:120]}",
        )
        return self.relay.refuse(guess_dialect(request), unknown)


class _BoundedServer(web.Server):
    """The library's server, whose connections have so much room and no more."""

    def __init__(self, handler: Handler, room: ConnectionRoom, **settings: Any) -> None:  # noqa: ANN401 - the library's
        super().__init__(handler, **settings)
        self._room = room

    def connection_made(self, handler: web.RequestHandler, transport: asyncio.Transport) -> None:
        super().connection_made(handler, transport)
        self._room.enter(transport)

    def connection_lost(
        self, handler: web.RequestHandler, exc: BaseException | None = None
    ) -> None:
        if handler in self._connections:
            self._room.leave(self._connections[handler])
        super().connection_lost(handler, exc)


def _create_silence() -> logging.Logger:
    """The HTTP library would log what it refuses as it came, keys and all, with a traceback."""
    silence = logging.Logger(f"{__name__}.http")  # noqa: LOG001 - nobody else can turn it on
    silence.disabled = True
    return silence


@asynccontextmanager
async def serve(
    gateway: Gateway, sock: socket.socket, *, stop_s: float = 60.0
) -> AsyncIterator[GatewayServer]:
    """Calls are answered while the context is open; leaving it lets calls under way end.

    Args:
        gateway: what to serve.
        sock: bound; listened on from here on.
        stop_s: how long calls under way may take to end; those that do not are broken off, and
            billed for what was seen of them.
    """
    async with open_client() as client:
        calls = gateway.settings.max_in_flight
        room = ConnectionRoom(fit_descriptors(_CONNECTIONS, OTHER_DESCRIPTORS + calls))
        server = GatewayServer(gateway, client, room)
        low_level = _BoundedServer(
            server.handle,
            room,
            access_log=None,
            logger=_create_silence(),
            auto_decompress=False,
            keepalive_timeout=_IDLE_S,
            lingering_time=_LINGER_S,
            read_bufsize=_READ_BYTES,
        )
        runner = web.ServerRunner(low_level, handle_signals=False, shutdown_timeout=_CANCEL_S)
        await runner.setup()
        try:
            await web.SockSite(runner, sock, backlog=_BACKLOG).start()
            # What is there now stays; collections look only at what calls bring.
            gc.collect()
            gc.freeze()
            yield server
        finally:
            await server.relay.stop(stop_s)
            await runner.cleanup()
