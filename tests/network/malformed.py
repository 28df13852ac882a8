"""Bytes that no honest program sends, the same ones for the same seed."""

from __future__ import annotations

import json
import random
import socket
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

MAX_RANDOM: Final = 4_096
DEEP: Final = 20_000
HUGE: Final = 10**400
READ_BYTES: Final = 65_536
ANSWER_S: Final = 20.0

HOSTILE_VALUES: Final[tuple[Any, ...]] = (
    None,
    True,
    -1,
    2**63,
    2**64,
    HUGE,
    1.5,
    "",
    "0x",
    "0x" + "zz" * 32,
    "\x00",
    "٣",
    "\ud800",
    [],
    {},
    [[]] * 50,
)
HOSTILE_TEXTS: Final = (
    b"",
    b"\x00",
    b"null",
    b"{",
    b"[" * DEEP,
    b'{"a":' * DEEP,
    b'{"meter": NaN}',
    b'{"meter": 1e999}',
    b'{"meter": 1, "meter": 2}',
    b"\xff\xfe{}",
    b"{}" * 100,
    b'"' + b"\\u0000" * 1_000 + b'"',
)
_POST: Final = b"POST /v1/frames HTTP/1.1\r\nHost: localhost\r\n"
RAW_REQUESTS: Final = (
    b"\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
    b"GET\r\n\r\n",
    b"POST /v1/frames\r\n\r\n",
    b"POST /v1/frames HTTP/9.9\r\nHost: localhost\r\n\r\n",
    _POST + b"Content-Length: -1\r\n\r\n",
    _POST + b"Content-Length: 1e3\r\n\r\n",
    _POST + b"Content-Length: " + b"9" * 5_000 + b"\r\n\r\n",
    _POST + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
    _POST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    _POST + b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n",
    _POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"POST /v1/frames HTTP/1.1\r\nHost localhost\r\n\r\n",
    _POST + b"X: " + b"x" * 200_000 + b"\r\n\r\n",
    _POST + b"X: y\r\n" * 20_000 + b"\r\n",
    b"POST /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET http://[::1 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET /%00%ff/../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
)


def mutate(chance: random.Random, valid: bytes) -> bytes:
    """Something close to `valid`, or far from it; never the same."""
    ways: Sequence[Callable[[], bytes]] = (
        lambda: chance.randbytes(chance.randrange(MAX_RANDOM)),
        lambda: valid[: chance.randrange(len(valid))],
        lambda: valid + chance.randbytes(chance.randint(1, 200)),
        lambda: _flip(chance, valid),
        lambda: _overwrite(chance, valid),
    )
    while (found := chance.choice(ways)()) == valid:
        pass
    return found


def mutate_document(chance: random.Random, valid: dict[str, Any]) -> bytes:
    """A document that lacks something, has something else, or is none."""
    name = chance.choice(list(valid))
    ways: Sequence[Callable[[], bytes]] = (
        lambda: _write({key: value for key, value in valid.items() if key != name}),
        lambda: _write({**valid, "more": 1}),
        lambda: _write({**valid, name: chance.choice(HOSTILE_VALUES)}),
        lambda: chance.choice(HOSTILE_TEXTS),
        lambda: mutate(chance, _write(valid)),
    )
    return chance.choice(ways)()


def _write(document: dict[str, Any]) -> bytes:
    return json.dumps(document).encode()


def _flip(chance: random.Random, valid: bytes) -> bytes:
    changed = bytearray(valid)
    for _ in range(chance.randint(1, 8)):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _overwrite(chance: random.Random, valid: bytes) -> bytes:
    start = chance.randrange(len(valid))
    run = chance.choice((b"\x00", b"\xff")) * chance.randint(1, 64)
    return valid[:start] + run + valid[start + len(run) :]


def send_raw_requests(host: str, port: int) -> Iterator[tuple[bytes, bytes]]:
    """Each raw request and what came back for it until the other side closed, or nothing more came.

    Args:
        host: of the server.
        port: of the server.
    """
    for request in RAW_REQUESTS:
        with socket.create_connection((host, port), timeout=ANSWER_S) as line:
            answer = b""
            try:
                line.sendall(request)
                line.shutdown(socket.SHUT_WR)
                while part := line.recv(READ_BYTES):
                    answer += part
            except ConnectionError:
                pass
            yield request, answer
