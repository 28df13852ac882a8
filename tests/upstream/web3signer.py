"""A stand-in for web3signer's eth1 API, in this process: honest until it is told otherwise.

It serves POST /api/v1/eth1/sign/PUBLIC_KEY with `{"data": "0x..."}` and answers 0x r s v as text,
v being 27 or 28, over the keccak-256 of the data, as web3signer does.
"""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from coincurve import PrivateKey

from tallystick.core.attestation import SECP256K1_ORDER
from tallystick.core.hashes import compute_keccak256

PREFIX: Final = "/api/v1/eth1/sign/"
V_OFFSET: Final = 27

Misdeed = Callable[["Web3SignerRequest"], None]
"""What is done to one request instead of signing it."""


@dataclass
class Web3Signer:
    """Keys by public key, and what to do to the next requests."""

    keys: dict[str, PrivateKey]
    url: str = ""
    misdeeds: deque[Misdeed] = field(default_factory=deque)
    standing: Misdeed | None = None
    """Done to every request while it is set."""
    signed: list[bytes] = field(default_factory=list)
    """Every message that was signed."""
    asked: int = 0


class Web3SignerRequest(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    desk: Web3Signer
    message: bytes
    key: PrivateKey

    def do_POST(self) -> None:
        desk = self.desk
        desk.asked += 1
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.message = bytes.fromhex(body["data"].removeprefix("0x"))
        key = desk.keys.get(self.path.removeprefix(PREFIX))
        if key is None:
            self.answer(b"Signer not found", 404)
            return
        self.key = key
        misdeed = desk.misdeeds.popleft() if desk.misdeeds else desk.standing
        if misdeed is not None:
            misdeed(self)
            return
        desk.signed.append(self.message)
        self.answer_signature(sign(key, self.message))

    def answer_signature(self, signature: bytes) -> None:
        v = bytes([signature[64] + V_OFFSET])
        self.answer(b"0x" + (signature[:64] + v).hex().encode())

    def answer(self, body: bytes, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Nothing is printed."""


def sign(key: PrivateKey, message: bytes) -> bytes:
    return key.sign_recoverable(compute_keccak256(message), hasher=None)


def answer_text(text: bytes, status: int = 200) -> Misdeed:
    """Answers this."""
    return lambda request: request.answer(text, status)


def sign_another_message(request: Web3SignerRequest) -> None:
    request.answer_signature(sign(request.key, request.message + b"."))


def sign_with_another_key(request: Web3SignerRequest) -> None:
    request.answer_signature(sign(PrivateKey(bytes([77]) * 32), request.message))


def sign_with_high_s(request: Web3SignerRequest) -> None:
    """The other signature that the same key makes for the same message."""
    signature = sign(request.key, request.message)
    s = SECP256K1_ORDER - int.from_bytes(signature[32:64], "big")
    request.answer_signature(signature[:32] + s.to_bytes(32, "big") + bytes([signature[64] ^ 1]))


def hang_up(request: Web3SignerRequest) -> None:
    request.close_connection = True


def wait(seconds: float) -> Misdeed:
    """Signs late."""

    def sign_late(request: Web3SignerRequest) -> None:
        time.sleep(seconds)
        try:
            request.answer_signature(sign(request.key, request.message))
        except OSError:
            request.close_connection = True

    return sign_late


def name_key(key: PrivateKey) -> str:
    """What web3signer calls a key."""
    return "0x" + key.public_key.format(compressed=False)[1:].hex()


@contextmanager
def run_web3signer(
    keys: Sequence[PrivateKey], *, tls: ssl.SSLContext | None = None
) -> Iterator[Web3Signer]:
    """A signer of these keys answers on a free port of loopback."""
    desk = Web3Signer({name_key(key): key for key in keys})
    handler = type("Handler", (Web3SignerRequest,), {"desk": desk})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    scheme = "http" if tls is None else "https"
    desk.url = f"{scheme}://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield desk
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
