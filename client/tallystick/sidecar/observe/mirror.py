"""Mirrored requests: a small server on the observer's event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from tallystick.meter.passive.mirror import Mirror, create_server
from tallystick.sidecar.observe.observer import Counts, Observer, ObserverSettings, observe

CLOSE_S: Final = 0.5


def observe_mirror(
    settings: ObserverSettings,
    host: str,
    port: int,
    on_ready: Callable[[str], None],
    *,
    assumed_output_tokens: int = 0,
) -> Counts:
    """Mirrored calls are recorded until the process is told to end.

    Args:
        settings: of the observer.
        host: to listen on.
        port: to listen on, 0 = any free one.
        on_ready: told the address once it listens.
        assumed_output_tokens: of calls whose answer nobody mirrors.
    """

    async def work(observer: Observer) -> None:
        mirror = Mirror(
            observer.book, observer.site.clock, assumed_output_tokens=assumed_output_tokens
        )
        loop = asyncio.get_running_loop()
        server = create_server(mirror)
        listening = await loop.create_server(server, host, port)
        try:
            on_ready(f"http://{host}:{listening.sockets[0].getsockname()[1]}")
            await observer.stopping.wait()
        finally:
            listening.close()
            await server.shutdown(CLOSE_S)

    return observe(settings, work)
