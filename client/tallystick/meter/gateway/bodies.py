"""A call's body, read whole, within bounds of size and time, unpacked."""

from __future__ import annotations

import asyncio
import zlib
from typing import Final

from aiohttp import web

from tallystick.meter.gateway.errors import (
    BodyTimedOut,
    BodyTooLarge,
    BodyUnreadable,
    ContentTypeUnsupported,
    GatewayBusy,
)
from tallystick.meter.gateway.gateway import GatewaySettings

_WBITS_BY_ENCODING: Final = {"gzip": 31, "x-gzip": 31, "deflate": 15}
_SLOW_BYTES: Final = 1 << 18
"""Packed bodies above this are unpacked beside the event loop: 256 KiB may hold 32 MiB."""


class BodyRoom:
    """The memory that bodies of all calls under way may take together.

    Args:
        limit: bytes.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.taken = 0


class HeldBody:
    """What one call's body takes of the room, until the call ends."""

    __slots__ = ("_room", "_size")

    def __init__(self, room: BodyRoom) -> None:
        self._room = room
        self._size = 0

    def take(self, size: int) -> None:
        """So many bytes more are held.

        Raises:
            GatewayBusy: there is no room for them now.
        """
        room = self._room
        if room.taken + size > room.limit:
            raise GatewayBusy("the bodies of calls under way take all the room there is")
        room.taken += size
        self._size += size

    def release(self) -> None:
        """The call has ended."""
        self._room.taken -= self._size
        self._size = 0


async def read_body(request: web.BaseRequest, settings: GatewaySettings, held: HeldBody) -> bytes:
    """The body as its sender meant it.

    Args:
        request: its head has been read.
        settings: the bounds.
        held: counts what is read.

    Raises:
        GatewayBusy: there is no room for it now.
        BodyTooLarge: it is, packed or unpacked.
        BodyTimedOut: it did not arrive in time.
        BodyUnreadable: it broke off, or is not packed as it says.
        ContentTypeUnsupported: it is packed in a way that is not unpacked here.
    """
    limit = settings.max_body_bytes
    declared = request.content_length
    if declared is not None and declared > limit:
        raise BodyTooLarge("the body is too large", expected=f"{limit} bytes", actual=declared)
    content = request.content
    try:
        # A small body came with its headers: no timer is set for it.
        if content.is_eof():
            body = content.read_nowait()
            held.take(len(body))
        else:
            body = await _gather(request, settings, held)
    except (ConnectionError, web.RequestPayloadError) as error:
        raise BodyUnreadable("the body broke off") from error
    if len(body) > limit:
        raise BodyTooLarge("the body is too large", expected=f"{limit} bytes", actual=len(body))
    encoding = request.headers.get("Content-Encoding", "").strip().lower()
    if not encoding or encoding == "identity":
        return body
    if len(body) > _SLOW_BYTES:
        unpacked = await asyncio.to_thread(unpack_body, body, encoding, limit)
    else:
        unpacked = unpack_body(body, encoding, limit)
    held.take(len(unpacked))
    return unpacked


def unpack_body(body: bytes, encoding: str, limit: int) -> bytes:
    """The body unpacked.

    Args:
        body: as it came.
        encoding: its Content-Encoding, lower case.
        limit: bytes it may have unpacked.

    Raises:
        BodyTooLarge: it would have more; no more than `limit` bytes were made.
        BodyUnreadable: it is cut or broken.
        ContentTypeUnsupported: the encoding is none of gzip and deflate.
    """
    if encoding not in _WBITS_BY_ENCODING:
        raise ContentTypeUnsupported(
            "the body is packed in a way that the gateway does not unpack",
            expected="gzip, deflate or nothing",
            actual=repr(encoding[:40]),
        )
    unpacker = zlib.decompressobj(_WBITS_BY_ENCODING[encoding])
    try:
        unpacked = unpacker.decompress(body, limit + 1)
    except zlib.error as error:
        raise BodyUnreadable(f"the body is not {encoding}") from error
    if len(unpacked) > limit:
        raise BodyTooLarge("the body is too large unpacked", expected=f"{limit} bytes")
    if not unpacker.eof or unpacker.unused_data:
        raise BodyUnreadable(f"the body is not one whole {encoding} stream")
    return unpacked


async def _gather(request: web.BaseRequest, settings: GatewaySettings, held: HeldBody) -> bytes:
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(settings.body_timeout_s):
            while part := await request.content.readany():
                held.take(len(part))
                parts.append(part)
                size += len(part)
                if size > settings.max_body_bytes:
                    break
    except TimeoutError as error:
        raise BodyTimedOut(
            "the body did not arrive in time", expected=f"{settings.body_timeout_s:g} s"
        ) from error
    return b"".join(parts)
