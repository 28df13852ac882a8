"""Links of a network that are slow and break: TCP through this process, delayed and cut at will.

The kernels that tests run on shape no traffic. What a lossy link does to a program is that bytes
come late and connections end in the middle, which a proxy does as well.
"""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Thread
from typing import Final
from urllib.parse import urlsplit, urlunsplit

CHUNK_BYTES: Final = 64 * 1024
MAX_UNDER_WAY: Final = 256
"""Chunks of one direction that may be delayed at once; then the sender has to wait."""
LOOPBACK: Final = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Disturbance:
    """What a link does to what passes.

    Args:
        delay_s: least time on the way.
        jitter_s: at most so much more, different for each piece.
        cut_ppm: how many of a million pieces end their connection.
    """

    delay_s: float = 0.0
    jitter_s: float = 0.0
    cut_ppm: int = 0


CALM: Final = Disturbance()


class Links:
    """Proxies in front of several services, all disturbed alike.

    Args:
        seed: of the delays and cuts.
    """

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - the same link for the same seed
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="links", daemon=True)
        self._servers: list[asyncio.Server] = []
        self._pipes: set[asyncio.Task[None]] = set()
        self.disturbance = CALM
        self.cuts = 0
        """How many connections were ended in the middle."""
        self._thread.start()

    def add(self, url: str) -> str:
        """The URL at which the service of another URL answers through a link."""
        parts = urlsplit(url)
        assert parts.hostname is not None
        assert parts.port is not None
        opening = self._open(parts.hostname, parts.port)
        port = asyncio.run_coroutine_threadsafe(opening, self._loop).result()
        return urlunsplit(parts._replace(netloc=f"{LOOPBACK}:{port}"))

    @contextmanager
    def disturbed(self, disturbance: Disturbance) -> Iterator[None]:
        """The links do this inside the block."""
        self.disturbance = disturbance
        try:
            yield
        finally:
            self.disturbance = CALM

    def close(self) -> None:
        """No link is left."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _open(self, host: str, port: int) -> int:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._pipes.add(task)
            try:
                await self._relay(reader, writer, host, port)
            finally:
                self._pipes.discard(task)

        server = await asyncio.start_server(serve, LOOPBACK, 0)
        self._servers.append(server)
        sockets: Sequence[socket.socket] = server.sockets
        found: int = sockets[0].getsockname()[1]
        return found

    async def _relay(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, port: int
    ) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(host, port)
        except OSError:
            writer.transport.abort()
            return
        pumps = [
            asyncio.create_task(self._pump(reader, far_writer)),
            asyncio.create_task(self._pump(far_reader, writer)),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            for end in (writer, far_writer):
                end.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """What comes in goes out in its order, each piece when its time has come."""
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(MAX_UNDER_WAY)
        delivering = asyncio.create_task(self._deliver(under_way, writer))
        try:
            with suppress(OSError):
                while data := await reader.read(CHUNK_BYTES):
                    if self._is_cut():
                        return
                    await under_way.put((self._compute_due_s(), data))
            await under_way.put((0.0, b""))
            await delivering
        finally:
            delivering.cancel()
            await asyncio.gather(delivering, return_exceptions=True)

    async def _deliver(
        self, under_way: asyncio.Queue[tuple[float, bytes]], writer: asyncio.StreamWriter
    ) -> None:
        with suppress(OSError):
            while True:
                due_s, data = await under_way.get()
                await asyncio.sleep(max(due_s - self._loop.time(), 0.0))
                if not data:
                    writer.write_eof()
                    return
                writer.write(data)
                await writer.drain()

    def _compute_due_s(self) -> float:
        disturbance = self.disturbance
        return (
            self._loop.time()
            + disturbance.delay_s
            + self._chance.uniform(0.0, disturbance.jitter_s)
        )

    def _is_cut(self) -> bool:
        is_cut = self._chance.randrange(1_000_000) < self.disturbance.cut_ppm
        self.cuts += is_cut
        return is_cut

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        for pipe in list(self._pipes):
            pipe.cancel()
        await asyncio.gather(*self._pipes, return_exceptions=True)


@contextmanager
def open_links(seed: int) -> Iterator[Links]:
    """Links inside the block."""
    links = Links(seed)
    try:
        yield links
    finally:
        links.close()
