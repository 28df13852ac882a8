"""What listens in a validator's place, and ways in which it answers to hurt whoever asks."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from tallystick.core.frames import decode_frames

MAX_HEARD: Final = 10_000
SILENCE_S: Final = 60.0
FRAMES_PATH: Final = "/v1/frames"
LIE: Final = b'{"index": 3, "attestation": "0x' + b"11" * 64 + b'"}'


@dataclass(frozen=True)
class Heard:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Exchange:
    """A request that waits for its answer."""

    heard: Heard
    handler: BaseHTTPRequestHandler
    is_over: threading.Event

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        """An answer of the ordinary kind."""
        self.handler.send_response(status)
        for name, value in headers.items():
            self.handler.send_header(name.replace("_", "-"), value)
        self.handler.send_header("Content-Length", str(len(body)))
        self.handler.send_header("Connection", "close")
        self.handler.end_headers()
        self.handler.wfile.write(body)

    def begin(self, status: int = 200) -> None:
        """The head of an answer whose end only the connection's end tells."""
        self.handler.send_response(status)
        self.handler.end_headers()


Answer = Callable[[Exchange], None]


@contextmanager
def listen(
    port: int, answer: Answer, heard: list[Heard], *, passes_gets: bool = False
) -> Iterator[None]:
    """Something listens on the port inside the block; it is healthy, and POSTs get `answer`.

    Args:
        port: a free one.
        answer: to every POST, in a thread of its own.
        heard: gets every POST, the first ten thousand of them.
        passes_gets: whether GETs get `answer` too.
    """
    is_over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            request = Heard(self.path, dict(self.headers.items()), body)
            if len(heard) < MAX_HEARD:
                heard.append(request)
            self.close_connection = True
            with suppress(OSError):
                answer(Exchange(request, self, is_over))

        def do_GET(self) -> None:
            if passes_gets:
                self.close_connection = True
                with suppress(OSError):
                    answer(
                        Exchange(Heard(self.path, dict(self.headers.items()), b""), self, is_over)
                    )
                return
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, *_: object) -> None:
            """Whoever hangs up has had enough."""

    server = Server(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        server.shutdown()
        server.server_close()
        thread.join()


def keep_silent(exchange: Exchange) -> None:
    """No answer at all."""
    exchange.is_over.wait(SILENCE_S)


def refuse(exchange: Exchange) -> None:
    """Always too busy."""
    exchange.answer(503, b'{"code": "chain_behind", "message": "not now"}', Retry_After="60")


def accuse(exchange: Exchange) -> None:
    """Says that the fault is the sender's, which it is not."""
    exchange.answer(409, b'{"code": "sequence_conflict", "message": "lies", "accepted": 0}')


def swallow(exchange: Exchange) -> None:
    """Acknowledges frames and forgets them."""
    if exchange.heard.path != FRAMES_PATH:
        exchange.answer(200, LIE)
        return
    frames = [
        {"meter": each.meter, "first_seq": each.first_seq, "count": each.count, "status": "settled"}
        for each in decode_frames(exchange.heard.body, max_frames=100)
    ]
    exchange.answer(200, json.dumps({"accepted": len(frames), "frames": frames}).encode())


def forge(exchange: Exchange) -> None:
    """An attestation of the right shape that is nobody's."""
    exchange.answer(200, LIE)


def babble(exchange: Exchange) -> None:
    """Bytes that are no document."""
    exchange.answer(200, bytes(range(256)) * 8)


def mumble(exchange: Exchange) -> None:
    """A document whose text is none."""
    exchange.answer(200, b'{"index": 3, "code": "\xff\xfe"}')


def nest(exchange: Exchange) -> None:
    """A document in a document in a document."""
    exchange.answer(409, b'{"code": "x", "more": ' + b"[" * 4_000)


def drip(exchange: Exchange) -> None:
    """A byte a second."""
    exchange.begin()
    for byte in LIE:
        exchange.handler.wfile.write(bytes([byte]))
        if exchange.is_over.wait(1.0):
            return


def flood_body(exchange: Exchange) -> None:
    """An answer that does not end."""
    exchange.begin()
    while not exchange.is_over.is_set():
        exchange.handler.wfile.write(b" " * 65_536)


def flood_head(exchange: Exchange) -> None:
    """Headers that do not end."""
    exchange.handler.send_response(200)
    exchange.handler.flush_headers()
    while not exchange.is_over.is_set():
        exchange.handler.wfile.write(b"x-lie: %s\r\n" % (b"x" * 65_000))


def flood_interim(exchange: Exchange) -> None:
    """Answers that announce another, without end."""
    while not exchange.is_over.is_set():
        exchange.handler.wfile.write(b"HTTP/1.1 102 Processing\r\n\r\n" * 1_000)


def hang_up(exchange: Exchange) -> None:
    """Half an answer."""
    exchange.handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n{")


def point_elsewhere(exchange: Exchange) -> None:
    """Sends whoever asks to another address of this machine."""
    exchange.answer(307, b"", Location="http://127.0.0.1:1/v1/frames")


WAYS: Final[tuple[Answer, ...]] = (
    keep_silent,
    refuse,
    accuse,
    swallow,
    forge,
    babble,
    mumble,
    nest,
    drip,
    flood_body,
    flood_head,
    flood_interim,
    hang_up,
    point_elsewhere,
)
"""Every way to answer badly."""
