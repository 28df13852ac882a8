"""A network with a gateway as a new user runs them: the programs, in an empty folder."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import httpx
from tests.integration.cli.program import Program, is_alive

from tallystick.core.usage import TOKEN_FIELDS

PATIENCE_S: Final = 60.0
POLL_S: Final = 0.1
UPSTREAM_KEY: Final = "sk-upstream-0123456789"
CONFIG: Final = """\
account: acme
record_users: true
upstreams:
  openai: {{url: {url}, key_env: MOCK_KEY}}
  anthropic: {{url: {url}, key_env: MOCK_KEY}}
  gemini: {{url: {url}, key_env: MOCK_KEY}}
  mistral: {{url: {url}, key_env: MOCK_KEY}}
  ollama: {{url: {url}}}
models:
  gpt-4o: {{upstream: openai}}
  embedder: {{upstream: openai, resource: gpt-4o, max_output_tokens: 1}}
  claude: {{upstream: anthropic, resource: claude-3.5-sonnet}}
  gemini: {{upstream: gemini, resource: gemini-1.5-pro}}
  mistral-large: {{upstream: mistral, resource: mistral-large-2}}
  llama3: {{upstream: ollama, resource: llama-3.1-70b}}
"""
"""Every provider's wire in front of one mock upstream."""


@dataclass
class RunningGateway:
    """A gateway in processes of its own."""

    process: subprocess.Popen[str]
    url: str
    log: Path

    def read_log(self) -> list[dict[str, Any]]:
        """What it logged so far."""
        lines = self.log.read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def find_workers(self) -> list[int]:
        """The workers' pids."""
        found = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in found.split()]

    def stop(self) -> int:
        """It was told to end and has ended; gives its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)


@contextmanager
def run_network(folder: Path) -> Iterator[Program]:
    """The program in a folder in which a network of four validators runs."""
    program = Program(folder)
    started = program.run("up", "--detach")
    assert started.exit_code == 0, started
    try:
        yield replace(program, in_process=True)
    finally:
        pids = program.read_pids()
        program.run("down", "--purge")
        assert not [name for name, pid in pids.items() if is_alive(pid)]


@contextmanager
def run_gateway(
    program: Program, *words: str, environment: Mapping[str, str] | None = None
) -> Iterator[RunningGateway]:
    """A gateway on a free port, ready for calls; gone with the block, whatever happened."""
    log = program.folder / f"gateway-{time.monotonic_ns()}.log"
    with log.open("w") as errors:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "tallystick.cli.main", "gateway", *words),
                *("--port", "0", "--json"),
            ],
            cwd=program.folder,
            env={**os.environ, "MOCK_KEY": UPSTREAM_KEY, **(environment or {})},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    gateway = RunningGateway(process, "", log)
    workers: list[int] = []
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, log.read_text()
        gateway.url = json.loads(line)["url"]
        workers = gateway.find_workers()
        yield gateway
    finally:
        if process.poll() is None:
            workers = gateway.find_workers()
            try:
                gateway.stop()
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        assert process.stdout is not None
        process.stdout.close()
        wait_until(lambda: not any(map(is_alive, workers)))


def found_project(program: Program, path: str, amount: str, *options: str) -> str:
    """A project with credits of its own; gives the secret of a key that bills it."""
    program.ask("account", "create", path)
    program.ask("grant", path, amount)
    name = path.replace("/", ".")
    found = program.ask("gateway", "key", "create", name, "--project", path, *options)
    secret: str = found["secret"]
    return secret


def wait_for_key(gateway: RunningGateway, secret: str) -> None:
    """Every worker that answers knows the key's project, which may have been made just now."""
    headers = {"authorization": f"Bearer {secret}"}

    def is_known() -> bool:
        answer = httpx.get(f"{gateway.url}/v1/models", headers=headers, timeout=PATIENCE_S)
        return answer.status_code == HTTPStatus.OK

    wait_until(lambda: all(is_known() for _ in range(8)))


def wait_until(is_true: Callable[[], bool], *, patience_s: float = PATIENCE_S) -> None:
    """It has become true."""
    deadline = time.monotonic() + patience_s
    while not is_true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(POLL_S)


def wait_for_records(program: Program, project: str, count: int) -> list[dict[str, Any]]:
    """The project's records once there are so many, oldest first."""
    found: list[dict[str, Any]] = []

    def are_there() -> bool:
        found[:] = program.ask("records", "--project", project, "--limit", "10000")
        return len(found) >= count

    wait_until(are_there)
    return found[::-1]


def list_tokens(uses: Sequence[Mapping[str, Any]]) -> list[tuple[int, ...]]:
    """The five fields of each, in an order of their own: calls overtake each other."""
    return sorted(tuple(use[field] for field in TOKEN_FIELDS) for use in uses)
