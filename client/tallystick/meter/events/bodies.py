"""Request bodies, read with bounds: of size, also after decompression, and of time."""

from __future__ import annotations

import asyncio
import zlib
from typing import Final

from aiohttp import web

from tallystick.meter.events.errors import (
    EventBodyTooLarge,
    EventMalformed,
    EventTypeUnsupported,
)

TIMEOUT_S: Final = 30.0
CHUNK_BYTES: Final = 1 << 16

_GZIP_MAGIC: Final = b"\x1f\x8b"
_GZIP: Final = 16 + zlib.MAX_WBITS


async def read_body(request: web.BaseRequest, max_bytes: int) -> bytes:
    """The body, decompressed.

    Args:
        request: whose body nobody has read.
        max_bytes: as sent, and decompressed.

    Raises:
        EventBodyTooLarge: it is larger; the rest is not read.
        EventTypeUnsupported: it is compressed otherwise than with gzip.
        EventMalformed: it is no gzip though it says so, or did not arrive in time.
    """
    encoding = request.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in ("", "identity", "gzip"):
        raise EventTypeUnsupported(
            "the body's encoding is not known", expected="gzip or identity", actual=encoding
        )
    if (request.content_length or 0) > max_bytes:
        raise _too_large(max_bytes, str(request.content_length))
    try:
        async with asyncio.timeout(TIMEOUT_S):
            body = await _read(request, max_bytes)
    except TimeoutError as error:
        raise EventMalformed(
            "the body", expected=f"all of it within {TIMEOUT_S:.0f} s", actual="a part"
        ) from error
    # Where the server has decompressed it already the header still says gzip.
    is_compressed = encoding == "gzip" and body.startswith(_GZIP_MAGIC)
    return await asyncio.to_thread(decompress, body, max_bytes) if is_compressed else body


def decompress(body: bytes, max_bytes: int) -> bytes:
    """What a gzip body holds.

    Raises:
        EventBodyTooLarge: more than `max_bytes`; it is not unpacked further than that.
        EventMalformed: it is damaged or cut.
    """
    unpacker = zlib.decompressobj(_GZIP)
    try:
        content = unpacker.decompress(body, max_bytes + 1)
    except zlib.error as error:
        raise EventMalformed("the body", expected="gzip", actual=str(error)) from error
    if len(content) > max_bytes:
        raise _too_large(max_bytes, "more, once decompressed")
    if not unpacker.eof or unpacker.unused_data:
        raise EventMalformed("the body", expected="one whole gzip member", actual="a part, or more")
    return content


async def _read(request: web.BaseRequest, max_bytes: int) -> bytes:
    body = bytearray()
    async for chunk in request.content.iter_chunked(CHUNK_BYTES):
        body += chunk
        if len(body) > max_bytes:
            raise _too_large(max_bytes, "more")
    return bytes(body)


def _too_large(max_bytes: int, actual: str) -> EventBodyTooLarge:
    return EventBodyTooLarge(
        "the body is too large", expected=f"at most {max_bytes} bytes", actual=actual
    )
