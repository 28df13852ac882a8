"""The HTTP server: uvicorn with bounds on what a connection may take and hold."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import Any, cast

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from tallystick.meter.connections import ConnectionRoom, fit_descriptors
from tallystick_node.errors import SettingsInvalid
from tallystick_node.settings import ServerLimits

BACKLOG = 2_048


def create_protocol(header_timeout_s: float, room: ConnectionRoom) -> type[asyncio.Protocol]:
    """Uvicorn's protocol, which also bounds how long a request's head takes, and the connections.

    Args:
        header_timeout_s: a connection whose next head has not come whole by then is closed.
        room: shared by all connections of a server.
    """

    class BoundedHttpProtocol(HttpToolsProtocol):
        head_timer: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:  # noqa: ANN401 - uvicorn's signature
            super().connection_made(transport)
            _let_in(self, room)
            self._start_waiting()

        def on_message_begin(self) -> None:
            self._start_waiting()
            super().on_message_begin()

        def on_headers_complete(self) -> None:
            self._stop_waiting()
            super().on_headers_complete()

        def on_message_complete(self) -> None:
            room.serve(self.transport)
            super().on_message_complete()

        def on_response_complete(self) -> None:
            room.wait(self.transport)
            super().on_response_complete()

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop_waiting()
            room.leave(self.transport)
            super().connection_lost(exc)

        def _start_waiting(self) -> None:
            self._stop_waiting()
            self.head_timer = self.loop.call_later(header_timeout_s, self.transport.close)

        def _stop_waiting(self) -> None:
            if self.head_timer is not None:
                self.head_timer.cancel()
                self.head_timer = None

    return BoundedHttpProtocol


def _let_in(protocol: HttpToolsProtocol, room: ConnectionRoom) -> None:
    """The connection has room; one that was cut for it counts no longer, though it still closes.

    Uvicorn refuses requests by that count, and thousands may come in one turn of the loop.
    """
    cut = room.enter(protocol.transport)
    if cut is not None:
        protocol.connections.discard(cast("HttpToolsProtocol", cut.get_protocol()))


def create_server(app: ASGIApp, limits: ServerLimits) -> uvicorn.Server:
    """A server that leaves signals and logging to the node."""
    connections = fit_descriptors(limits.connections)
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            http=create_protocol(limits.header_timeout_s, ConnectionRoom(connections)),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            backlog=BACKLOG,
            limit_concurrency=connections + 1,  # refused where nobody waits who could make room
            timeout_keep_alive=limits.keep_alive_s,
            timeout_graceful_shutdown=max(int(limits.shutdown_s), 1),
        )
    )
    server.capture_signals = contextlib.nullcontext  # type: ignore[assignment, method-assign]
    return server


def open_socket(host: str, port: int) -> socket.socket:
    """A bound socket; port 0 takes any free one.

    Raises:
        SettingsInvalid: the address is in use, or not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise SettingsInvalid(
            f"cannot listen on {host}:{port}", expected="a free port", actual=error.strerror
        ) from error
    return bound
