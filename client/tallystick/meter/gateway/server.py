"""Serves a gateway on a socket."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from tallystick.meter.gateway.gateway import Gateway, Handler


def create_handler(gateway: Gateway) -> Handler:
    """Answers every request that reaches a gateway: calls, its own pages, extra routes."""
    routes = dict(gateway.extra_routes)

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        extra = routes.get(request.path)
        return await extra(request) if extra else web.Response(status=404)

    return handle


@asynccontextmanager
async def serve(gateway: Gateway, sock: socket.socket) -> AsyncIterator[web.Server]:
    """Calls are answered while the context is open; leaving it lets running calls end.

    Args:
        gateway: what to serve.
        sock: bound; listened on from here on.
    """
    server = web.Server(create_handler(gateway))
    runner = web.ServerRunner(server, handle_signals=False)
    await runner.setup()
    try:
        await web.SockSite(runner, sock).start()
        yield server
    finally:
        await runner.cleanup()
