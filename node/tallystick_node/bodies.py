"""Request bodies, read piece by piece against a limit: nobody fills memory or holds a place.

What they say is checked against a document's type before anyone looks at it.
"""

from __future__ import annotations

import asyncio
from typing import TypeVar

import msgspec
from fastapi import Request
from starlette.requests import ClientDisconnect

from tallystick_node.errors import BodyTooLarge, BodyTooSlow, ParameterInvalid

Document = TypeVar("Document", bound=msgspec.Struct)


async def read_body(request: Request, *, limit_bytes: int, timeout_s: float) -> bytes:
    """The whole body.

    Args:
        request: its body is consumed.
        limit_bytes: a longer one is refused as soon as that shows.
        timeout_s: for all of it.

    Raises:
        BodyTooLarge, BodyTooSlow.
    """
    announced = request.headers.get("content-length", "0")
    if not announced.isdecimal() or int(announced) > limit_bytes:
        raise BodyTooLarge("a request body is too large", expected=limit_bytes, actual=announced)
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(timeout_s):
            async for part in request.stream():
                size += len(part)
                if size > limit_bytes:
                    raise BodyTooLarge(
                        "a request body is too large", expected=limit_bytes, actual=size
                    )
                parts.append(part)
    except ClientDisconnect as error:
        raise BodyTooSlow("a request body broke off", actual=size) from error
    except TimeoutError as error:
        raise BodyTooSlow(
            "a request body came too slowly", expected=f"all within {timeout_s} s", actual=size
        ) from error
    return b"".join(parts)


def parse_document(body: bytes, document: type[Document]) -> Document:
    """The body as a document.

    Raises:
        ParameterInvalid: no JSON, or a field is missing, unknown, of the wrong type or range.
    """
    try:
        return msgspec.json.decode(body, type=document)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ParameterInvalid(f"the body is malformed: {error}") from error
