"""Below a wrapped client: every request goes to the client's own connections, metered on its way.

A transport takes the place of the network under a second HTTP client, and hands requests on to the
first one, with its proxies, certificates, hooks and pools.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import ModuleType
from typing import Self

from tallystick.client.metering.answers import (
    Request,
    Response,
    bind_stream_class,
    build_answer,
    build_refusal,
    finish_soon,
    rebuild_request,
)
from tallystick.client.metering.exchange import Exchange, Refusal, find_call_route
from tallystick.client.metering.http_library import HttpClient
from tallystick.meter.parse.dialects import Route

Opener = Callable[[Route, bytes], Exchange | Refusal]


class Transport:
    """Sends requests by another HTTP client, and meters those that are calls of a model.

    Args:
        library: of both clients.
        http: the client that sends.
        open_call: begins a call.
    """

    def __init__(self, library: ModuleType, http: HttpClient, open_call: Opener) -> None:
        self._library = library
        self._http = http
        self._open_call = open_call

    def handle_request(self, request: Request) -> Response:
        """As of every transport of the library."""
        route = find_call_route(request.method, request.url.path)
        if route is None:
            return self._http.send(request, stream=True)
        exchange = self._open_call(route, request.read())
        if isinstance(exchange, Refusal):
            return build_refusal(self._library, request, exchange)
        try:
            sent = rebuild_request(self._library, request, exchange.request.body)
            answer = self._http.send(sent, stream=True)
        except BaseException:
            exchange.finish(has_failed=True)
            raise
        exchange.start(answer.status_code, answer.headers.get("content-type", ""))
        stream = bind_stream_class(self._library, is_async=False)(answer, exchange)
        if exchange.request.is_stream:
            return build_answer(self._library, answer, stream=stream)
        try:
            content = b"".join(stream)
        finally:
            stream.close()
        return build_answer(self._library, answer, content=content)

    def close(self) -> None:
        """The other client is closed: this one was the way to it."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncTransport:
    """As `Transport`, for async clients."""

    def __init__(self, library: ModuleType, http: HttpClient, open_call: Opener) -> None:
        self._library = library
        self._http = http
        self._open_call = open_call

    async def handle_async_request(self, request: Request) -> Response:
        """As of every transport of the library."""
        route = find_call_route(request.method, request.url.path)
        if route is None:
            return await self._http.send(request, stream=True)
        exchange = await asyncio.to_thread(self._open_call, route, await request.aread())
        if isinstance(exchange, Refusal):
            return build_refusal(self._library, request, exchange)
        try:
            sent = rebuild_request(self._library, request, exchange.request.body)
            answer = await self._http.send(sent, stream=True)
        except BaseException:
            await finish_soon(exchange, has_failed=True)
            raise
        exchange.start(answer.status_code, answer.headers.get("content-type", ""))
        stream = bind_stream_class(self._library, is_async=True)(answer, exchange)
        if exchange.request.is_stream:
            return build_answer(self._library, answer, stream=stream)
        try:
            content = b"".join([part async for part in stream])
        finally:
            await stream.aclose()
        return build_answer(self._library, answer, content=content)

    async def aclose(self) -> None:
        """The other client is closed: this one was the way to it."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()
