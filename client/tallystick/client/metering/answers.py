"""Requests and answers on their way through a wrapped client.

Answers pass as they come; only the end of one waits for the disk.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from functools import lru_cache
from types import ModuleType
from typing import Any, Final

from tallystick.client.metering.exchange import Exchange, Refusal

Request = Any
Response = Any
"""Of `httpx2` or `httpx`."""

REWRITTEN: Final = frozenset({"content-encoding", "content-length", "transfer-encoding"})
"""Headers that describe the body on the wire; what is passed on is decoded."""


def rebuild_request(library: ModuleType, request: Request, body: bytes) -> Request:
    """The request with another body; itself if the body is the same."""
    if body == request.content:
        return request
    headers = [
        (name, value)
        for name, value in request.headers.multi_items()
        if name.lower() not in REWRITTEN
    ]
    return library.Request(
        request.method, request.url, headers=headers, content=body, extensions=request.extensions
    )


def build_refusal(library: ModuleType, request: Request, refusal: Refusal) -> Response:
    """The refusal as an answer that clients do not try again."""
    headers = {"content-type": "application/json", "x-should-retry": "false"}
    return library.Response(refusal.status, headers=headers, content=refusal.body, request=request)


def build_answer(library: ModuleType, answer: Response, **body: object) -> Response:
    """The answer's head with another body: `content` or `stream`."""
    headers = [
        (name, value)
        for name, value in answer.headers.multi_items()
        if name.lower() not in REWRITTEN
    ]
    return library.Response(
        answer.status_code, headers=headers, extensions=answer.extensions, **body
    )


class MeteredStream:
    """An answer that is read as it comes, and recorded before it ends.

    Args:
        answer: open.
        exchange: its call.
    """

    def __init__(self, answer: Response, exchange: Exchange) -> None:
        self._answer = answer
        self._exchange = exchange

    def __iter__(self) -> Iterator[bytes]:
        try:
            for data in self._answer.iter_bytes():
                passed = self._exchange.feed(data)
                if passed:
                    yield passed
            held_back = self._exchange.flush()
            if held_back:
                yield held_back
        except GeneratorExit:
            raise  # the reader has stopped; `close` follows
        except BaseException:
            self._exchange.finish(has_failed=True)
            raise
        self._exchange.finish()

    def close(self) -> None:
        """The call is recorded, by what has come so far if it did not come whole."""
        try:
            self._exchange.finish()
        finally:
            self._answer.close()


class MeteredAsyncStream:
    """As `MeteredStream`, for async clients."""

    def __init__(self, answer: Response, exchange: Exchange) -> None:
        self._answer = answer
        self._exchange = exchange

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for data in self._answer.aiter_bytes():
                passed = self._exchange.feed(data)
                if passed:
                    yield passed
            held_back = self._exchange.flush()
            if held_back:
                yield held_back
        except GeneratorExit:
            raise  # the reader has stopped; `aclose` follows
        except BaseException:
            await finish_soon(self._exchange, has_failed=True)
            raise
        await finish_soon(self._exchange)

    async def aclose(self) -> None:
        """As `MeteredStream.close`."""
        try:
            await finish_soon(self._exchange)
        finally:
            await self._answer.aclose()


async def finish_soon(exchange: Exchange, *, has_failed: bool = False) -> None:
    """The call is recorded, without blocking the event loop; cancelling does not stop it."""
    await asyncio.shield(asyncio.to_thread(exchange.finish, has_failed=has_failed))


@lru_cache
def bind_stream_class(library: ModuleType, *, is_async: bool) -> Any:  # noqa: ANN401 - made here
    """The class of metered streams that is also one of the library's, which it insists on."""
    kind, base = (
        (MeteredAsyncStream, library.AsyncByteStream)
        if is_async
        else (MeteredStream, library.SyncByteStream)
    )
    return type(kind.__name__, (kind, base), {})
