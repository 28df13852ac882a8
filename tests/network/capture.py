"""Everything that reaches a validator, recorded on its way, to be sent again."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx
import rlp
from tests.integration.node.nodes import RUN
from tests.network.ground import Ground, wait_until
from tests.network.impostor import Exchange, Heard, listen
from tests.network.parts import Parts

from tallystick.chain.reader import ask, expect
from tallystick.core.hashes import compute_keccak256
from tallystick.local.folder import NetworkFolder
from tallystick.local.ports import find_free_ports

END_S: Final = 20.0
ANSWER_S: Final = 30.0
FIELDS: Final = ("nonce", "gasPrice", "gas", "to", "value", "input", "v", "r", "s")


@contextmanager
def recording(ground: Ground, place: int, folder: Path) -> Iterator[list[Heard]]:
    """What is asked of a validator inside the block; it runs behind a proxy on its own URL."""
    parts, name = Parts(ground.path), ground.names[place]
    (port,) = find_free_ports(1)
    parts.kill(name)
    settings = NetworkFolder(ground.path).node(name) / "settings.json"
    heard: list[Heard] = []
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", RUN, str(settings)],
            env={**os.environ, "TALLYSTICK_NODE_PORT": str(port)},
            stdout=log,
            stderr=log,
        )
    try:
        with httpx.Client(timeout=ANSWER_S, trust_env=False) as client:

            def pass_on(exchange: Exchange) -> None:
                forward(client, f"http://127.0.0.1:{port}", exchange)

            own = int(ground.urls[place].rpartition(":")[2])
            with listen(own, pass_on, heard, passes_gets=True):
                wait_until(lambda: is_up(ground.urls[place]), f"{name} runs behind its proxy")
                heard.clear()  # what came while it started never reached it
                yield heard
    finally:
        process.terminate()
        try:
            process.wait(END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        parts.revive()


def forward(client: httpx.Client, url: str, exchange: Exchange) -> None:
    """The request went to its recipient, and its answer back."""
    heard = exchange.heard
    headers = {name: value for name, value in heard.headers.items() if name != "Connection"}
    method = exchange.handler.command
    try:
        answer = client.request(method, url + heard.path, content=heard.body, headers=headers)
    except httpx.TransportError:
        exchange.answer(502, b"{}")
        return
    kept = {name: answer.headers[name] for name in ("retry-after",) if name in answer.headers}
    exchange.answer(answer.status_code, answer.content, **kept)


def is_up(url: str) -> bool:
    """Whether a validator says that it is ready."""
    try:
        return httpx.get(f"{url}/readyz", timeout=ANSWER_S).is_success
    except httpx.TransportError:
        return False


def read_raw_transactions(ground: Ground, hashes: Sequence[str]) -> list[str]:
    """Transactions as they were sent, byte for byte."""
    found = []
    for tx_hash in hashes:
        fields = expect(ask(ground.net.w3, "eth_getTransactionByHash", (tx_hash,)))
        raw = rlp.encode([_read_field(fields[name]) for name in FIELDS])
        assert f"0x{compute_keccak256(raw).hex()}" == tx_hash, "not the transaction that was sent"
        found.append(f"0x{raw.hex()}")
    return found


def _read_field(text: str) -> bytes:
    """Quantities without leading zeros, data as it is."""
    digits = text.removeprefix("0x")
    raw = bytes.fromhex(digits.rjust(len(digits) + len(digits) % 2, "0"))
    is_data = len(digits) > 64 or len(digits) == 40
    return raw if is_data else raw.lstrip(b"\0")
