"""Workers are killed while they relay calls: each call is settled once, and none twice."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import count
from typing import Any, Final

import httpx
import pytest
from tests.integration.cli.program import Program, is_alive
from tests.integration.gateway.running import (
    CONFIG,
    RunningGateway,
    found_project,
    run_gateway,
    wait_for_key,
    wait_for_records,
    wait_until,
)
from tests.upstream.server import Upstream

from tallystick.core.usage import Flag

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

KILLS: Final = 3
CALLERS: Final = 12
PROJECT: Final = "acme/crash/app"


@pytest.fixture(scope="module")
def secret(program: Program) -> str:
    program.ask("account", "create", "acme/crash")
    return found_project(program, PROJECT, "5000")


@pytest.fixture
def gateway(program: Program, secret: str, running_upstream: Upstream) -> Iterator[RunningGateway]:
    (program.folder / "gateway.yaml").write_text(CONFIG.format(url=running_upstream.url))
    with run_gateway(program, "--config", "gateway.yaml") as gateway:
        wait_for_key(gateway, secret)
        yield gateway


@dataclass
class Callers:
    """Applications that call without pause; each call's input is a number of its own."""

    url: str
    secret: str
    numbers: Iterator[int] = field(default_factory=lambda: count(1_000))
    begun: int = 0
    completed: set[int] = field(default_factory=set)
    """Numbers of calls whose whole answer arrived."""
    is_over: bool = False

    async def call_on(self, client: httpx.AsyncClient) -> None:
        while not self.is_over:
            try:
                await self._call(client, next(self.numbers))
            except httpx.HTTPError:
                await asyncio.sleep(0.2)

    async def _call(self, client: httpx.AsyncClient, number: int) -> None:
        is_stream = bool(number % 3)
        order = {"in_fresh": number, "out_visible": 7, "chunks": 8, "delay_ms": 15 * is_stream}
        self.begun += 1
        async with client.stream(
            "POST",
            f"{self.url}/v1/chat/completions",
            headers={"authorization": f"Bearer {self.secret}", "x-mock": json.dumps(order)},
            json={
                "model": "gpt-4o",
                "stream": is_stream,
                "max_tokens": 50,
                "messages": [{"role": "user", "content": "Say tick."}],
            },
        ) as answer:
            body = await answer.aread()
        is_whole = body.rstrip().endswith(b"[DONE]") if is_stream else bool(json.loads(body))
        if answer.status_code == HTTPStatus.OK and is_whole:
            self.completed.add(number)


async def become(is_true: Callable[[], bool]) -> None:
    """It has become true."""
    while not is_true():  # noqa: ASYNC110 - what is waited for happens in other processes
        await asyncio.sleep(0.02)


async def call_through_kills(
    callers: Callers, gateway: RunningGateway, chance: random.Random
) -> None:
    """Callers go on while the worker is killed and replaced, again and again."""
    async with httpx.AsyncClient(timeout=30.0) as client:
        tasks = [asyncio.create_task(callers.call_on(client)) for _ in range(CALLERS)]
        for _ in range(KILLS):
            done = len(callers.completed)
            await become(lambda: len(callers.completed) >= done + 20)  # noqa: B023 - awaited
            await asyncio.sleep(chance.uniform(0.0, 0.3))
            (worker,) = gateway.find_workers()
            os.kill(worker, signal.SIGKILL)
            await become(lambda: worker not in gateway.find_workers())  # noqa: B023 - as above
        done = len(callers.completed)
        await become(lambda: len(callers.completed) >= done + 20)
        callers.is_over = True
        await asyncio.gather(*tasks)


def test_call_is_settled_once_when_its_worker_is_killed(
    program: Program, gateway: RunningGateway, secret: str, upstream: Upstream
) -> None:
    seed = random.randrange(2**32)  # noqa: S311 - no secret
    print(f"seed {seed}")
    callers = Callers(gateway.url, secret)
    chance = random.Random(seed)  # noqa: S311 - as above
    asyncio.run(call_through_kills(callers, gateway, chance))
    assert gateway.stop() == 0

    sent = [call for call in upstream.calls if call.path.endswith("/chat/completions")]
    records = wait_for_records(program, PROJECT, len(sent))
    estimated = [record for record in records if record["flags"] & Flag.ESTIMATED]
    exact = Counter(r["in_fresh"] for r in records if not r["flags"] & Flag.ESTIMATED)
    print(f"{callers.begun} begun, {len(sent)} sent, {len(estimated)} of them estimated")
    # What arrived whole is on the chain as reported, once; what did not is there at most once.
    assert callers.completed <= set(exact)
    assert not [number for number, times in exact.items() if times > 1]
    # Calls are noted before they are sent: a kill in between bills what nobody answered.
    assert len(sent) <= len(records) <= len(sent) + KILLS * CALLERS
    assert estimated
    assert len(estimated) <= KILLS * CALLERS
    assert {record["reason"] for record in records} == {"valued"}


def test_workers_end_when_their_parent_is_killed(gateway: RunningGateway) -> None:
    workers = gateway.find_workers()
    assert workers
    gateway.process.send_signal(signal.SIGKILL)
    gateway.process.wait()
    wait_until(lambda: not any(map(is_alive, workers)))


def test_gateway_is_refused_when_one_of_its_name_runs(
    program: Program, gateway: RunningGateway
) -> None:
    answer = program.run("gateway", "--config", "gateway.yaml", "--port", "0", "--json")
    assert answer.exit_code == 75
    assert answer.document["code"] == "gateway_running"


def test_gateway_is_refused_when_its_port_is_taken(
    program: Program, gateway: RunningGateway
) -> None:
    port = gateway.url.rpartition(":")[2]
    words: list[Any] = ["--config", "gateway.yaml", "--name", "other", "--port", port, "--json"]
    answer = program.run("gateway", *words)
    assert answer.exit_code == 2
    assert answer.document["code"] == "port_in_use"
