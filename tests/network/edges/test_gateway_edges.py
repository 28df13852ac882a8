"""Whoever floods a gateway with connections or garbage keeps nobody else from it."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from tests.integration.gateway.calls import CHAT, EMBEDDING, GEMINI, MESSAGE, OLLAMA, RESPONSE
from tests.integration.gateway.running import wait_for_key
from tests.network.crowd import crowding, raise_descriptors
from tests.network.faults import Drill
from tests.network.malformed import HOSTILE_TEXTS, mutate, send_raw_requests
from tests.network.memory import PeakMemory
from tests.network.sidecars import (
    ask,
    create_key,
    open_program,
    run_named_gateway,
    write_config,
)
from tests.upstream.server import Upstream

pytestmark = [pytest.mark.network, pytest.mark.timeout(600)]

CONNECTIONS: Final = 10_000
ASKED: Final = 20
ROUNDS: Final = 40
CROWD_BYTES: Final = 512 << 20
GARBAGE_BYTES: Final = 128 << 20
INTAKES: Final = {
    "/v1/traces": "application/json",
    "/api/v1/events": "application/cloudevents+json",
    "/litellm/logs": "application/json",
}
VALID: Final = b'{"resourceSpans": [], "specversion": "1.0", "id": "1"}'
CALLS: Final = (CHAT, EMBEDDING, GEMINI, MESSAGE, OLLAMA, RESPONSE)


def test_calls_are_served_beside_crowds_and_garbage(network: Path, upstream: Upstream) -> None:
    program, project = open_program(network), f"drills/calls/edges-{time.time_ns()}"
    with Drill(network, "10,000 connections and malformed bytes at a gateway") as drill:
        secret = create_key(program, project, "5000")
        config = write_config(program, "edges", upstream.url)
        with run_named_gateway(program, config) as gateway:
            wait_for_key(gateway, secret)
            memory = PeakMemory({"gateway": gateway.find_workers()[0]})
            drill.inject(reached := asyncio.run(call_beside_crowd(gateway.url, secret)))
            print(f"{reached} connections to a gateway")
            memory.check(CROWD_BYTES)
            memory = PeakMemory({"gateway": gateway.find_workers()[0]})
            drill.injected += send_garbage(drill.chance, gateway.url, secret)
            assert len(gateway.find_workers()) == 1
            memory.check(GARBAGE_BYTES)
            with httpx.Client(timeout=60.0) as client:
                assert ask(client, gateway.url, secret, 5_000).status_code == HTTPStatus.OK
        drill.recovered()


async def call_beside_crowd(url: str, secret: str) -> int:
    """How many connections stood while calls over new ones were answered."""
    async with crowding(url, raise_descriptors(CONNECTIONS)) as reached:
        for number in range(ASKED):
            answer = await asyncio.to_thread(call_once, url, secret, 1_000 + number)
            assert answer.status_code == HTTPStatus.OK, answer.text
    return reached


def call_once(url: str, secret: str, number: int) -> httpx.Response:
    """The answer to a call over a connection of its own."""
    with httpx.Client(timeout=60.0) as client:
        return ask(client, url, secret, number)


def send_garbage(chance: random.Random, url: str, secret: str) -> int:
    """How many malformed requests were sent, each of them refused with a code."""
    found: Counter[tuple[int, str]] = Counter()
    with httpx.Client(timeout=60.0) as client:
        for _ in range(ROUNDS):
            for path, kind, body in make_bodies(chance):
                headers = {"authorization": f"Bearer {secret}", "content-type": kind}
                if chance.random() < 0.2:
                    headers["content-encoding"] = chance.choice(("gzip", "deflate", "br", "x"))
                answer = client.post(url + path, content=body, headers=headers)
                assert 400 <= answer.status_code < 500, (path, answer.text[:500], body[:200])
                found[answer.status_code, path] += 1
    for request, said in send_raw_requests("127.0.0.1", int(url.rpartition(":")[2])):
        status = said.split(b" ", 2)[1:2]
        assert not said or status[0].startswith(b"4"), (request[:80], said[:200])
        found[0, "raw"] += 1
    print(dict(found))
    return found.total()


def make_bodies(chance: random.Random) -> Iterator[tuple[str, str, bytes]]:
    """For every route a body of the right type that holds nothing right: (path, type, body)."""
    for sample in CALLS:
        yield sample.path, "application/json", make_garbage(chance)
    for path, kind in INTAKES.items():
        yield path, kind, make_garbage(chance)


def make_garbage(chance: random.Random) -> bytes:
    """No JSON object, whatever else."""
    hostile: list[bytes] = [text for text in HOSTILE_TEXTS if not text.startswith(b'{"meter": 1')]
    cut = mutate(chance, VALID)
    candidates: list[Any] = [*hostile, cut if not cut.startswith(VALID[:-1]) else b"["]
    return b"[" + bytes(chance.choice(candidates))
