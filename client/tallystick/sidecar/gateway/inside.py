"""What a worker answers to the other workers of its gateway, on a socket in a private folder."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from tallystick.meter.gateway.gateway import Handler


@asynccontextmanager
async def serve_inside(
    path: Path, routes: Mapping[str, Handler], render_metrics: Callable[[], bytes]
) -> AsyncIterator[None]:
    """Requests to the socket are answered inside the block.

    Args:
        path: of the socket; one that a killed worker left is replaced.
        routes: handlers by exact path.
        render_metrics: this process's metrics, at `/metrics`.
    """

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/metrics":
            return web.Response(body=render_metrics(), content_type="text/plain")
        handler = routes.get(request.path)
        return await handler(request) if handler else web.Response(status=404)

    _clear(path)
    runner = web.ServerRunner(web.Server(handle), handle_signals=False)
    await runner.setup()
    try:
        await web.UnixSite(runner, str(path)).start()
        yield
    finally:
        await runner.cleanup()


def _clear(path: Path) -> None:
    """Nothing lies at the path; its folder is private, and so is what is made in it."""
    path.unlink(missing_ok=True)
