"""Ten thousand connections that say nothing, or say it slowly."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

DESCRIPTORS_KEPT: Final = 512
AT_ONCE: Final = 200
PATIENCE_S: Final = 10.0

IDLE: Final = b""
HALF_HEAD: Final = b"POST /v1/frames HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "
SLOW_BODY: Final = (
    b"POST /v1/frames HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000\r\n\r\n\x01"
)
SERVED_ONCE: Final = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
BEGINNINGS: Final = (IDLE, HALF_HEAD, SLOW_BODY, SERVED_ONCE)


def raise_descriptors(wanted: int) -> int:
    """How many connections this process can open at once, at most `wanted`."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted + DESCRIPTORS_KEPT:
        soft = min(wanted + DESCRIPTORS_KEPT, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return min(wanted, soft - DESCRIPTORS_KEPT)


@asynccontextmanager
async def crowding(url: str, count: int) -> AsyncIterator[int]:
    """So many connections were opened, each with a beginning of its own; how many succeeded."""
    host, _, port = url.rpartition("://")[2].rpartition(":")
    gate = asyncio.Semaphore(AT_ONCE)
    writers: list[asyncio.StreamWriter] = []

    async def connect(number: int) -> None:
        async with gate:
            try:
                async with asyncio.timeout(PATIENCE_S):
                    _, writer = await asyncio.open_connection(host, int(port))
            except (OSError, TimeoutError):
                return
            writers.append(writer)
            writer.write(BEGINNINGS[number % len(BEGINNINGS)])

    try:
        await asyncio.gather(*(connect(number) for number in range(count)))
        yield len(writers)
    finally:
        for writer in writers:
            writer.transport.abort()
