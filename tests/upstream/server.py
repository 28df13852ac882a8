"""A fast mock of the model APIs, in this process (`run_upstream`) or as a program of its own.

    python -m tests.upstream.server [--port 0] [--no-log]

prints `listening on http://127.0.0.1:PORT`. What it answers is said by the first of: the request's
`x-mock` header (JSON of tests.upstream.orders.Order), orders queued for the next calls, the order
of the model, the standing order. POST /mock/order?model=M sets the last two, POST /mock/queue adds
one, POST /mock/reset forgets calls and orders; GET /mock/log and /mock/sums tell what was reported.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final, cast

import httptools
import msgspec
import uvloop
from tests.upstream.answers import Answer
from tests.upstream.calls import Call, CallLog
from tests.upstream.orders import ORDER_HEADER, Order, decode_order
from tests.upstream.routes import decode_body, find_answer, list_models, name_model

HOST: Final = "127.0.0.1"
STATUS_LINES: Final = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus
}
LAST_CHUNK: Final = b"0\r\n\r\n"
PATIENCE_S: Final = 10.0


@dataclass(slots=True)
class Desk:
    """What all connections of one server share."""

    log: CallLog = field(default_factory=CallLog)
    standing: Order = field(default_factory=Order)
    by_model: dict[str, Order] = field(default_factory=dict)
    queue: deque[Order] = field(default_factory=deque)
    open: set[asyncio.Transport] = field(default_factory=set)
    """Connections of clients."""

    def choose(self, header: bytes | None, model: str) -> Order:
        """The order that this call is answered by."""
        if header is not None:
            return decode_order(header)
        if self.queue:
            return self.queue.popleft()
        return self.by_model.get(model, self.standing)

    def clear(self) -> None:
        """As new."""
        self.log.clear()
        self.standing = Order()
        self.by_model.clear()
        self.queue.clear()


class Connection(asyncio.Protocol):
    """One kept-alive connection; requests are answered one after the other."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._begin()

    def _begin(self) -> None:
        self._url = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._body: list[bytes] = []
        self._order: bytes | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: a client has come."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own class
        self._desk.open.add(self._transport)

    def connection_lost(self, _: Exception | None) -> None:
        """asyncio: the client has gone; what was left to send is not sent."""
        if self._transport is not None:
            self._desk.open.discard(self._transport)
        self._transport = None
        if self._timer is not None:
            self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        """asyncio: bytes of requests."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._close()

    def on_url(self, url: bytes) -> None:
        """httptools: the target, perhaps in parts."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """httptools: one header."""
        name = name.lower()
        self._headers.append((name, value))
        if name == ORDER_HEADER:
            self._order = value
        elif name == b"expect" and self._transport is not None:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        """httptools: a part of the body."""
        self._body.append(body)

    def on_message_complete(self) -> None:
        """httptools: a whole request has come."""
        method, body = self._parser.get_method(), b"".join(self._body)
        path, _, query = self._url.decode().partition("?")
        try:
            if path.startswith("/mock/") or method == b"GET":
                self._send_plain(200, self._administer(path, query, body))
            else:
                self._answer(path, query, body)
        except (KeyError, msgspec.MsgspecError) as error:
            problem = json.dumps({"error": {"message": f"mock: {error!r}", "type": "not_found"}})
            self._send_plain(404 if isinstance(error, KeyError) else 400, problem.encode())
        self._begin()

    def _administer(self, path: str, query: str, body: bytes) -> bytes:
        desk = self._desk
        match path:
            case "/mock/log":
                return msgspec.json.encode([call.as_dict() for call in desk.log.calls])
            case "/mock/sums":
                return msgspec.json.encode(dict(desk.log.sums))
            case "/mock/reset":
                desk.clear()
            case "/mock/queue":
                desk.queue.append(decode_order(body))
            case "/mock/order":
                model = query.removeprefix("model=")
                if model:
                    desk.by_model[model] = decode_order(body)
                else:
                    desk.standing = decode_order(body)
            case "/v1/models" | "/api/tags":
                return list_models(path, tuple(desk.by_model) or ("mock",))
            case "/" | "/health":
                pass
            case _:
                raise KeyError(path)
        return b"{}"

    def _answer(self, path: str, query: str, body: bytes) -> None:
        asked = decode_body(body)
        model = name_model(path, asked)
        order = self._desk.choose(self._order, model)
        options = asked.stream_options
        answer = find_answer(
            path,
            query,
            model,
            order,
            asked.stream,
            None if options is None else options.include_usage,
            asked.n or 1,
        )
        keeps = self._desk.log.keeps_calls
        headers = {name.decode(): value.decode("latin-1") for name, value in self._headers}
        call = Call(path, model, answer.is_stream, headers if keeps else {}, body if keeps else b"")
        call.status = answer.status
        self._desk.log.add(call)
        if order.drop:
            self._close()
            return
        send = self._send_stream if answer.is_stream else self._send_whole
        if order.first_byte_ms:
            self._timer = self._loop.call_later(
                order.first_byte_ms / 1000, send, answer, order, call
            )
        else:
            send(answer, order, call)

    def _send_whole(self, answer: Answer, order: Order, call: Call) -> None:
        if self._transport is None:
            return
        self._desk.log.report(call, answer.reported)
        encoding = b"content-encoding: gzip\r\n" if order.compresses else b""
        self._send_plain(answer.status, answer.pieces[0], answer.content_type.encode(), encoding)
        call.sent_pieces = 1
        self._desk.log.complete(call)

    def _send_plain(
        self, status: int, body: bytes, kind: bytes = b"application/json", extra: bytes = b""
    ) -> None:
        if self._transport is None:
            return
        line = STATUS_LINES.get(status, b"HTTP/1.1 %d Mock\r\n" % status)
        self._transport.write(
            b"%bcontent-type: %b\r\nx-request-id: mock\r\n%bcontent-length: %d\r\n\r\n%b"
            % (line, kind, extra, len(body), body)
        )

    def _send_stream(self, answer: Answer, order: Order, call: Call) -> None:
        if self._transport is None:
            return
        encoding = b"content-encoding: gzip\r\n" if order.compresses else b""
        head = (
            b"HTTP/1.1 200 OK\r\ncontent-type: %b\r\nx-request-id: mock\r\n"
            b"cache-control: no-cache\r\n%btransfer-encoding: chunked\r\n\r\n"
        ) % (answer.content_type.encode(), encoding)
        if order.delay_ms:
            self._transport.write(head)
            self._send_next(answer, order, call)
        else:
            self._send_at_once(head, answer, order, call)

    def _send_at_once(self, head: bytes, answer: Answer, order: Order, call: Call) -> None:
        assert self._transport is not None
        stop = _find_stop(answer, order)
        chunks = [head, *map(_frame, answer.pieces[:stop])]
        self._note_pieces(answer, call, stop)
        is_whole = stop == len(answer.pieces) and order.cut_after is None
        if is_whole and order.stall_after is None:
            chunks.append(LAST_CHUNK)
            self._desk.log.complete(call)
        self._transport.write(b"".join(chunks))
        if order.cut_after is not None:
            self._cut(answer, order)

    def _send_next(self, answer: Answer, order: Order, call: Call) -> None:
        if self._transport is None:
            return
        sent = call.sent_pieces
        if sent == order.stall_after:
            return
        if sent == order.cut_after:
            self._cut(answer, order)
        elif sent == len(answer.pieces):
            self._transport.write(LAST_CHUNK)
            self._desk.log.complete(call)
        else:
            self._transport.write(_frame(answer.pieces[sent]))
            self._note_pieces(answer, call, sent + 1)
            if sent + 1 == len(answer.pieces):  # the end follows its last piece at once
                self._send_next(answer, order, call)
            else:
                self._timer = self._loop.call_later(
                    order.delay_ms / 1000, self._send_next, answer, order, call
                )

    def _note_pieces(self, answer: Answer, call: Call, count: int) -> None:
        if call.sent_pieces <= answer.usage_piece < count:
            self._desk.log.report(call, answer.reported)
        call.sent_pieces = count

    def _cut(self, answer: Answer, order: Order) -> None:
        stop = _find_stop(answer, order)
        if order.cuts_inside and self._transport is not None and stop < len(answer.pieces):
            piece = answer.pieces[stop]
            self._transport.write(_frame(piece[: max(1, len(piece) // 2)]))
        self._close()

    def _close(self) -> None:
        if self._transport is not None:
            self._transport.close()


def _frame(piece: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(piece), piece)


def _find_stop(answer: Answer, order: Order) -> int:
    """How many pieces go out."""
    limits = [stop for stop in (order.cut_after, order.stall_after) if stop is not None]
    return min([len(answer.pieces), *limits])


@dataclass(slots=True)
class Upstream:
    """A running mock in a thread of its own: synchronous and asynchronous clients can use it."""

    url: str
    desk: Desk
    loop: asyncio.AbstractEventLoop

    @property
    def calls(self) -> list[Call]:
        """What was asked since the last reset, oldest first."""
        return list(self.desk.log.calls)

    def order(self, model: str = "", /, **fields: object) -> None:
        """Calls of the model, or all others, are answered like this from now on."""
        order = msgspec.convert(fields, Order)
        if model:
            self.desk.by_model[model] = order
        else:
            self.desk.standing = order

    def queue(self, **fields: object) -> None:
        """The next call that has no order queued before it is answered like this, once."""
        self.desk.queue.append(msgspec.convert(fields, Order))

    def reset(self) -> None:
        """No calls, no orders."""
        self.desk.clear()

    def wait_for(self, is_reached: Callable[[list[Call]], bool]) -> list[Call]:
        """The calls, as soon as they satisfy the condition; what a client left unread ends late."""
        deadline_s = time.monotonic() + PATIENCE_S
        while not is_reached(self.calls):
            assert time.monotonic() < deadline_s, f"the upstream was asked only: {self.calls}"
            time.sleep(0.005)
        return self.calls


@contextmanager
def run_upstream() -> Iterator[Upstream]:
    """A mock upstream on a free port of this machine, gone with the block."""
    loop, desk = uvloop.new_event_loop(), Desk()
    listening = threading.Event()
    ports: list[int] = []

    async def listen() -> asyncio.Server:
        server = cast(asyncio.Server, await loop.create_server(lambda: Connection(desk), HOST, 0))
        ports.append(server.sockets[0].getsockname()[1])
        listening.set()
        return server

    def work() -> None:
        asyncio.set_event_loop(loop)
        server = loop.run_until_complete(listen())
        loop.run_forever()
        server.close()
        for transport in tuple(desk.open):
            transport.abort()
        loop.run_until_complete(server.wait_closed())
        loop.run_until_complete(asyncio.sleep(0.01))  # connections are told that they are lost
        loop.close()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    assert listening.wait(PATIENCE_S)
    try:
        yield Upstream(f"http://{HOST}:{ports[0]}", desk, loop)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


async def serve(port: int, *, keeps_calls: bool) -> None:
    """The mock is served until the process ends."""
    desk = Desk(CallLog(keeps_calls))
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(desk), HOST, port, backlog=4_096)
    print(f"listening on http://{HOST}:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


def main() -> None:
    """The program."""
    parser = argparse.ArgumentParser(description="a mock of the model APIs")
    parser.add_argument("--port", type=int, default=0, help="0 = any free one")
    parser.add_argument("--no-log", action="store_true", help="keep sums only, for benchmarks")
    flags = parser.parse_args()
    uvloop.run(serve(flags.port, keeps_calls=not flags.no_log))


if __name__ == "__main__":
    main()
