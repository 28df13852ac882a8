"""One connection to an upstream: a request written, its answer read as it comes.

A protocol of its own rather than a client library: aiohttp's client takes 130 us of CPU a call, as
much as everything else the gateway does; this takes 30.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, cast

import httptools
from multidict import CIMultiDict

from tallystick.meter.gateway.errors import (
    UpstreamBroken,
    UpstreamFailure,
    UpstreamTimedOut,
    UpstreamUnreachable,
)

_MAX_HEAD_BYTES: Final = 1 << 16
_HIGH_BYTES: Final = 1 << 17
"""Read and not taken; from there on the upstream waits for the client."""
_SUCCESS: Final = 200
_WITHOUT_BODY: Final = (204, 304)


class Answer:
    """An upstream's answer, its head read, its body still to come."""

    __slots__ = (
        "_connection",
        "_failure",
        "_parts",
        "_size",
        "_waiter",
        "headers",
        "is_ended",
        "status",
    )

    def __init__(self, connection: Connection) -> None:
        self.status = 0
        self.headers: CIMultiDict[str] = CIMultiDict()
        self.is_ended = False
        """The whole answer has come; parts of it may not have been read yet."""
        self._connection = connection
        self._parts: list[bytes] = []
        self._size = 0
        self._failure: UpstreamFailure | None = None
        self._waiter: asyncio.Future[None] | None = None

    async def read(self) -> bytes:
        """What has come since, waiting for at least a byte; b"" at the end.

        Raises:
            UpstreamBroken: the answer broke off.
            UpstreamTimedOut: nothing came for too long.
        """
        while not self._parts:
            if self.is_ended:
                return b""
            if self._failure is not None:
                raise self._failure
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        return self.read_ready()

    def read_ready(self) -> bytes:
        """What has come already, without waiting; b"" if nothing has."""
        parts = self._parts
        if not parts:
            return b""
        data = parts[0] if len(parts) == 1 else b"".join(parts)
        self._parts = []
        if self._size > _HIGH_BYTES and not self.is_ended:
            self._connection.resume_reading()
        self._size = 0
        return data

    def close(self) -> None:
        """Nobody reads on; the connection is closed if the answer has not ended."""
        if not self.is_ended and self._failure is None:
            self._connection.abort()

    def take(self, data: bytes) -> bool:
        """More of the body has come; whether the upstream must wait now."""
        self._parts.append(data)
        self._size += len(data)
        self._wake()
        return self._size > _HIGH_BYTES

    def end(self) -> None:
        """The body has come whole."""
        self.is_ended = True
        self._wake()

    def fail(self, failure: UpstreamFailure) -> None:
        """Nothing more will come; what came can still be read."""
        self._failure = failure
        self._wake()

    @property
    def is_waiting_to_be_read(self) -> bool:
        """Whether it is the reader who is slow, and not the upstream."""
        return bool(self._parts)

    def _wake(self) -> None:
        waiter = self._waiter
        if waiter is not None:
            self._waiter = None
            if not waiter.done():
                waiter.set_result(None)


class Connection(asyncio.Protocol):
    """One request at a time, then the next one.

    Args:
        release: takes the connection back once an answer has ended and another may follow.
    """

    def __init__(self, release: Callable[[Connection], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._release = release
        self._transport: asyncio.Transport | None = None
        self._parser: httptools.HttpResponseParser | None = None
        self._answer: Answer | None = None
        self._head: asyncio.Future[Answer] | None = None
        self._head_bytes = 0
        self._ends_with_connection = False
        self._is_over = False
        self._heard_s = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self.rests_since_s = 0.0

    @property
    def is_usable(self) -> bool:
        """Another request may be sent."""
        return self._transport is not None and not self._transport.is_closing()

    def send(self, request: bytes, idle_s: float) -> asyncio.Future[Answer]:
        """The request is on its way; done when the answer's head has come.

        Args:
            request: head and body.
            idle_s: how long the upstream may be silent.
        """
        head: asyncio.Future[Answer] = self._loop.create_future()
        if self._transport is None:
            head.set_exception(UpstreamUnreachable("the connection was closed while it rested"))
            return head
        self._head = head
        self._parser = httptools.HttpResponseParser(self)
        self._answer = Answer(self)
        self._head_bytes = 0
        self._ends_with_connection = self._is_over = False
        self._heard_s = self._loop.time()
        self._timer = self._loop.call_later(idle_s, self._check_silence, idle_s)
        self._transport.write(request)
        return head

    def abort(self) -> None:
        """The connection is closed at once."""
        self._stop_timer()
        self._answer = self._head = None
        if self._transport is not None:
            self._transport.abort()

    def resume_reading(self) -> None:
        """The client has caught up."""
        if self.is_usable and self._transport is not None:
            self._transport.resume_reading()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """As asyncio calls it."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass

    def connection_lost(self, exc: Exception | None) -> None:
        """As asyncio calls it; the end of an answer that says no length."""
        self._transport = None
        answer = self._answer
        if answer is not None and self._ends_with_connection and exc is None:
            self._stop_timer()
            self._answer = None
            answer.end()
        else:
            self._fail(UpstreamBroken("the upstream's answer broke off"))

    def data_received(self, data: bytes) -> None:
        """As asyncio calls it."""
        parser = self._parser
        if parser is None or self._answer is None:
            self.abort()  # nobody asked: what follows cannot be told from an answer
            return
        self._heard_s = self._loop.time()
        if self._head is not None:
            self._head_bytes += len(data)
        try:
            parser.feed_data(data)
        except httptools.HttpParserError:
            self._break("the upstream's answer is no HTTP")
            return
        if self._is_over:
            self._finish()
            return
        if self._head is not None and self._head_bytes > _MAX_HEAD_BYTES:
            self._break("the head of the upstream's answer is too large")

    def on_message_begin(self) -> None:
        """As the parser calls it."""
        if self._is_over:
            self._ends_with_connection = True  # nobody asked for a second answer

    def on_header(self, name: bytes, value: bytes) -> None:
        """As the parser calls it."""
        if self._answer is not None:
            self._answer.headers.add(name.decode("latin-1"), value.decode("latin-1"))

    def on_headers_complete(self) -> None:
        """As the parser calls it."""
        parser, answer, head = self._parser, self._answer, self._head
        if parser is None or answer is None or head is None:
            return
        answer.status = parser.get_status_code()
        if answer.status < _SUCCESS:  # informational: the answer follows
            answer.headers.clear()
            return
        headers = answer.headers
        self._ends_with_connection = (
            "Content-Length" not in headers
            and "Transfer-Encoding" not in headers
            and answer.status not in _WITHOUT_BODY
        )
        self._head = None
        if not head.done():
            head.set_result(answer)

    def on_body(self, body: bytes) -> None:
        """As the parser calls it."""
        if self._answer is not None and self._answer.take(body) and self._transport is not None:
            self._transport.pause_reading()

    def on_message_complete(self) -> None:
        """As the parser calls it."""
        parser, answer = self._parser, self._answer
        if parser is None or answer is None or self._head is not None:
            return  # an informational answer
        self._stop_timer()
        self._answer = None
        self._is_over = True
        if not parser.should_keep_alive():
            self._ends_with_connection = True
        answer.end()

    def _finish(self) -> None:
        """An answer has come whole, and everything that came with it has been looked at."""
        self._parser = None
        if self._transport is None:
            return
        if self._ends_with_connection:
            self._transport.abort()
            return
        self._transport.resume_reading()
        self._release(self)

    def _check_silence(self, idle_s: float) -> None:
        """The one timer of a call: set anew for what is left since something was heard."""
        answer = self._answer
        if answer is None:
            return
        now_s = self._loop.time()
        if answer.is_waiting_to_be_read:
            self._heard_s = now_s
        left_s = self._heard_s + idle_s - now_s
        if left_s > 0:
            self._timer = self._loop.call_later(left_s, self._check_silence, idle_s)
            return
        text = "the upstream fell silent" if self._head is None else "the upstream did not answer"
        self._fail(UpstreamTimedOut(f"{text} in time", expected=f"{idle_s:g} s"))
        self.abort()

    def _break(self, text: str) -> None:
        failure = UpstreamBroken(text)
        if self._head is not None and not self._head.done():
            self._head.set_exception(failure)
            self._head = None
        self._fail(failure)
        self.abort()

    def _fail(self, failure: UpstreamFailure) -> None:
        """Whoever waits for the head or the body hears of it."""
        self._stop_timer()
        head, answer = self._head, self._answer
        self._head = self._answer = None
        if head is not None and not head.done():
            is_silence = isinstance(failure, UpstreamTimedOut)
            lost = UpstreamUnreachable("the upstream closed the connection without an answer")
            head.set_exception(failure if is_silence else lost)
        elif answer is not None:
            answer.fail(failure)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
