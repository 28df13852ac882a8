"""The HTTP side of an observer: mirrored requests, and exchanges that proxies post.

It answers what nobody reads, so it says only whether the observation is durable. A mirrored request
comes on the path that it had; exchanges come on paths of our own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from aiohttp import web

from tallystick.core.errors import InvalidInput, TallystickError
from tallystick.meter.passive.book import PassiveBook
from tallystick.meter.passive.errors import ObservationTooLarge
from tallystick.meter.passive.exchange import Exchange, compute_content_id, read_exchange
from tallystick.meter.passive.tap import read_document, read_envoy_tap

EXCHANGE_PATH: Final = "/tallystick/exchange"
ENVOY_PATH: Final = "/tallystick/envoy-tap"
STATUS_PATH: Final = "/tallystick/status"
MAX_POSTED_BYTES: Final = 64 << 20
MAX_AT_ONCE: Final = 64
ID_HEADER: Final = "x-observed-id"
MIRROR: Final = "mirror"
BODY_S: Final = 30.0


class Mirror:
    """Handles requests of one observer.

    Args:
        book: gets what was observed.
        clock: Unix ms, of the network.
        assumed_output_tokens: of calls whose answer nobody mirrors, on top of what they sent.
    """

    def __init__(
        self, book: PassiveBook, clock: Callable[[], int], *, assumed_output_tokens: int = 0
    ) -> None:
        self._book = book
        self._clock = clock
        self._assumed = assumed_output_tokens
        self._at_once = 0

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """204 when the observation is durable; otherwise the error, as JSON."""
        if request.path == STATUS_PATH:
            return web.json_response(self._book.tally.as_dict())
        if self._at_once == MAX_AT_ONCE:
            self._book.tally.add("dropped")
            return web.Response(status=503, headers={"retry-after": "1"})
        self._at_once += 1
        try:
            await self._observe(request)
        except TallystickError as error:
            self._count(error)
            return web.json_response(error.as_dict(), status=error.http_status)
        except (TimeoutError, ConnectionError, web.RequestPayloadError):
            self._book.tally.add("malformed")
            return web.Response(status=408)
        finally:
            self._at_once -= 1
        return web.Response(status=204)

    async def _observe(self, request: web.BaseRequest) -> None:
        body = await _read_bounded(request)
        now_ms = self._clock()
        if request.path == EXCHANGE_PATH:
            exchange = read_document(body, now_ms)
        elif request.path == ENVOY_PATH:
            exchange = read_envoy_tap(body, now_ms)
        else:
            exchange = self._read_mirrored(request, body, now_ms)
        observation = read_exchange(exchange, self._book.tally, assumed_output_tokens=self._assumed)
        if observation is not None:
            await asyncio.to_thread(self._book.enter, [observation])

    def _read_mirrored(self, request: web.BaseRequest, body: bytes, now_ms: int) -> Exchange:
        headers = {name.lower(): value for name, value in request.headers.items()}
        original = headers.get("x-original-uri", request.raw_path)
        return Exchange(
            source=MIRROR,
            # Named by the mirroring proxy: callers choose their own x-request-id.
            id=headers.get(ID_HEADER)
            or compute_content_id(original.encode(), str(now_ms).encode(), body),
            time_ms=now_ms,
            method=headers.get("x-original-method", request.method),
            target=original,
            client=headers.get("x-real-ip", request.remote or ""),
            headers=headers,
            body=body,
            answer=None,
        )

    def _count(self, error: TallystickError) -> None:
        is_large = isinstance(error, ObservationTooLarge)
        if isinstance(error, InvalidInput):
            self._book.tally.add("too_large" if is_large else "malformed")
        else:
            self._book.tally.add("dropped")


async def _read_bounded(request: web.BaseRequest) -> bytes:
    parts: list[bytes] = []
    size = 0
    async with asyncio.timeout(BODY_S):
        while part := await request.content.readany():
            size += len(part)
            if size > MAX_POSTED_BYTES:
                raise ObservationTooLarge(
                    "the observation is too large", expected=f"{MAX_POSTED_BYTES} bytes at most"
                )
            parts.append(part)
    return b"".join(parts)


def create_server(mirror: Mirror) -> web.Server:
    """What asyncio's `create_server` takes."""
    # Bodies stay packed: they are unpacked within a bound, as what other observers see is.
    return web.Server(mirror.handle, auto_decompress=False)
