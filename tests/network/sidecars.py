"""Gateways and collectors beside a network under load, killed with everything they had started."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import count
from pathlib import Path
from threading import Event, Thread
from typing import Any, Final

import httpx
from tests.integration.cli.program import Program, is_alive
from tests.integration.gateway.running import (
    CONFIG,
    RunningGateway,
    found_project,
    run_gateway,
    wait_until,
)

from tallystick.core.usage import Flag

CALLERS: Final = 6
FIRST_NUMBER: Final = 1_000
"""Calls with fewer input tokens are nobody's number."""
ANSWER_S: Final = 30.0
SETTLE_S: Final = 120.0
MAX_ROWS: Final = "10000"


def write_config(program: Program, name: str, upstream: str, **fields: str) -> str:
    """The file of a gateway that bills the drills' organisation."""
    text = CONFIG.format(url=upstream).replace("account: acme", "account: drills")
    lines = [f"name: {name}", *(f"{key}: {value}" for key, value in fields.items())]
    path = program.folder / f"{name}.yaml"
    path.write_text(text + "\n".join(lines) + "\n")
    return path.name


@contextmanager
def run_named_gateway(program: Program, config: str) -> Iterator[RunningGateway]:
    """A gateway that may be killed inside the block."""
    with run_gateway(program, "--config", config) as gateway:
        yield gateway


def kill_gateway(gateway: RunningGateway) -> None:
    """The parent and its workers died at one moment."""
    pids = [gateway.process.pid, *gateway.find_workers()]
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    gateway.process.wait()
    wait_until(lambda: not any(map(is_alive, pids)))


@dataclass
class Callers:
    """Applications that call without pause; the input of each call is a number of its own."""

    secret: str
    numbers: Iterator[int] = field(default_factory=lambda: count(FIRST_NUMBER))
    completed: set[int] = field(default_factory=set)
    """Numbers of calls whose whole answer arrived."""
    begun: int = 0

    @contextmanager
    def calling(self, gateway: RunningGateway) -> Iterator[None]:
        """Calls go through this gateway inside the block."""
        over = Event()
        threads = [
            Thread(target=self._call_on, args=(gateway.url, over), daemon=True)
            for _ in range(CALLERS)
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            over.set()
            for thread in threads:
                thread.join()

    def wait_completed(self, more: int) -> None:
        """So many calls more have completed."""
        goal = len(self.completed) + more
        wait_until(lambda: len(self.completed) >= goal, patience_s=SETTLE_S)

    def _call_on(self, url: str, over: Event) -> None:
        with httpx.Client(timeout=ANSWER_S, trust_env=False) as client:
            while not over.is_set():
                number = next(self.numbers)
                self.begun += 1
                try:
                    answer = ask(client, url, self.secret, number)
                except (httpx.HTTPError, ValueError):
                    over.wait(0.1)
                    continue
                if answer.status_code == HTTPStatus.OK and answer.json():
                    self.completed.add(number)


def ask(client: httpx.Client, url: str, secret: str, number: int) -> httpx.Response:
    """The answer to one call with so many input tokens."""
    return client.post(
        f"{url}/v1/chat/completions",
        headers={
            "authorization": f"Bearer {secret}",
            "x-mock": json.dumps({"in_fresh": number, "out_visible": 7, "first_byte_ms": 20}),
        },
        json={
            "model": "gpt-4o",
            "max_tokens": 50,
            "messages": [{"role": "user", "content": "Say tick."}],
        },
    )


def wait_for_calls(program: Program, project: str, completed: set[int]) -> Counter[int]:
    """How often each call's number settled, once every completed one has."""
    found: Counter[int] = Counter()

    def have_settled() -> bool:
        records = program.ask("records", "--project", project, "--limit", MAX_ROWS)
        found.clear()
        found.update(row["in_fresh"] for row in records if not row["flags"] & Flag.ESTIMATED)
        for number in range(FIRST_NUMBER):
            found.pop(number, None)
        return completed <= set(found)

    deadline = time.monotonic() + SETTLE_S
    while not have_settled() and time.monotonic() < deadline:
        time.sleep(0.5)
    return found


def create_key(program: Program, project: str, amount: str) -> str:
    """The secret of a key that bills a new project with so many credits."""
    return found_project(program, project, amount)


@contextmanager
def run_collector(program: Program, *words: str) -> Iterator[subprocess.Popen[str]]:
    """A collector in a process of its own; told to end at the end of the block if it still runs."""
    command = [sys.executable, "-m", "tallystick.cli.main", "collect", *words, "--json"]
    log = program.folder / "collector.log"
    with (
        log.open("a") as errors,
        subprocess.Popen(
            command, cwd=program.folder, stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process,
    ):
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.communicate(timeout=SETTLE_S)
                except subprocess.TimeoutExpired:
                    process.kill()


@dataclass
class TokenCounter:
    """A model server's counter of tokens, which grows whoever looks."""

    show: Callable[[int], None]
    """Puts the count on the page."""
    base: int
    value: int = 0

    @contextmanager
    def growing(self) -> Iterator[None]:
        """The counter goes on inside the block, as fast as a busy server's."""
        over = Event()
        thread = Thread(target=self._grow, args=(over,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _grow(self, over: Event) -> None:
        while not over.wait(0.02):
            self.value += 37
            self.show(self.base + self.value)


def count_tokens(program: Program, project: str) -> int:
    """Output tokens that settled for a project."""
    rows: list[dict[str, Any]] = program.ask("usage", "--by", "project", "--under", project)
    return sum(row["out_visible"] for row in rows)


def wait_for_tokens(program: Program, project: str, expected: int) -> int:
    """Output tokens that settled for a project, once there are so many, or never will be."""
    deadline = time.monotonic() + SETTLE_S
    while (found := count_tokens(program, project)) < expected and time.monotonic() < deadline:
        time.sleep(0.5)
    return found


def count_records(program: Program, project: str) -> int:
    """Records that settled for a project."""
    rows: list[dict[str, Any]] = program.ask("usage", "--by", "project", "--under", project)
    return sum(row["records"] for row in rows)


def open_program(network: Path) -> Program:
    """The program in the folder in which the network's folder lies."""
    return Program(network.parent, in_process=True)
