"""A chain node that lies: a JSON-RPC proxy that records every call and may alter every answer."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, TypeAlias
from urllib.request import Request, urlopen

Json: TypeAlias = Any
"""Whatever JSON may hold."""

Alter = Callable[[str, list[Json], Json], Json]
"""(method, params, the node's result) -> the result that is given on."""

STATE_METHODS: Final = {
    "eth_call": 1,
    "eth_getCode": 1,
    "eth_getBalance": 1,
    "eth_getTransactionCount": 1,
    "eth_getStorageAt": 2,
}
"""Methods that read state, and the place of the block among their parameters."""


class RefusedByProxyError(Exception):
    """Raised by an alteration to make the node refuse the call."""


@dataclass(slots=True)
class Proxy:
    """Where it listens, what it was asked, and what it does to answers."""

    url: str
    alter: Alter
    calls: list[tuple[str, list[Json]]] = field(default_factory=list)


def answer_honestly(_method: str, _params: list[Json], result: Json) -> Json:
    return result


def refuse_historical_state(method: str, params: list[Json], result: Json) -> Json:
    """What a pruned node says to anything but the newest state."""
    place = STATE_METHODS.get(method)
    if place is not None and params[place] != "latest":
        raise RefusedByProxyError("missing trie node")
    return result


@contextmanager
def run_proxy(node_url: str, alter: Alter = answer_honestly) -> Iterator[Proxy]:
    """A proxy before the chain node, on a free port, gone afterwards."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    proxy = Proxy(f"http://127.0.0.1:{server.server_address[1]}", alter)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answer = json.dumps(_answer(proxy, node_url, json.loads(body))).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    server.RequestHandlerClass = Handler
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _answer(proxy: Proxy, node_url: str, asked: Json) -> Json:
    if isinstance(asked, list):
        return [_answer(proxy, node_url, each) for each in asked]
    method, params = asked["method"], asked["params"]
    proxy.calls.append((method, params))
    request = Request(  # noqa: S310 - the URL is the test's own node
        node_url, json.dumps(asked).encode(), {"Content-Type": "application/json"}
    )
    with urlopen(request) as response:  # noqa: S310
        answer = json.loads(response.read())
    if "error" in answer:
        return answer
    try:
        answer["result"] = proxy.alter(method, params, answer["result"])
    except RefusedByProxyError as error:
        return {
            "jsonrpc": "2.0",
            "id": asked["id"],
            "error": {"code": -32000, "message": str(error)},
        }
    return answer
