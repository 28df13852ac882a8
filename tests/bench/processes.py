"""Programs under measurement: started, found ready, looked at, ended by their process ids."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
import msgspec
from tests.bench.cpu import PARENT, SYSTEM_TICKS, TICKS_PER_S, USER_TICKS
from tests.bench.http_load import Load, Outcome

START_S: Final = 120.0
END_S: Final = 90.0
LOAD_S: Final = 120.0
KIB_PER_MB: Final = 1000 / 1.024


@contextmanager
def run_program(
    words: Sequence[str | Path],
    log: Path,
    *,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    interrupt: bool = True,
) -> Iterator[subprocess.Popen[bytes]]:
    """A program of our own runs inside the block; `log` gets what it says."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(word) for word in words],
            stdout=output,
            stderr=output,
            cwd=folder,
            env={**os.environ, **(environment or {})},
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM if interrupt else signal.SIGKILL)
        try:
            process.wait(END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until(process: subprocess.Popen[bytes], log: Path, is_ready: Callable[[], bool]) -> None:
    """The program is ready."""
    deadline_s = time.monotonic() + START_S
    while time.monotonic() < deadline_s and process.poll() is None:
        if is_ready():
            return
        time.sleep(0.1)
    raise RuntimeError(f"a program did not start: {log.read_text()[-4_000:]}")


@contextmanager
def run_mock(folder: Path) -> Iterator[str]:
    """The URL of a mock upstream in a process of its own."""
    log = folder / "upstream.log"
    words = [sys.executable, "-m", "tests.upstream.server", "--no-log"]
    with run_program(words, log) as process:
        wait_until(process, log, lambda: b"listening on" in log.read_bytes())
        yield log.read_text().split("listening on ")[1].strip()


def order_answers(mock: str, **fields: object) -> None:
    """The mock answers everything like this from now on."""
    httpx.post(f"{mock}/mock/order", content=msgspec.json.encode(fields)).raise_for_status()


def read_sums(mock: str) -> dict[str, int]:
    """What the mock was asked and reported so far."""
    sums: dict[str, int] = httpx.get(f"{mock}/mock/sums").json()
    return sums


def drive(load: Load) -> Outcome:
    """The load, sent by a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.http_load", msgspec.json.encode(load).decode()],
        check=True,
        stdout=subprocess.PIPE,
        timeout=LOAD_S,
    )
    return msgspec.json.decode(done.stdout, type=Outcome)


@dataclass(frozen=True, slots=True)
class Used:
    """What processes used so far, and what they hold now."""

    cpu_s: float
    memory_mb: float


def read_used(pids: Sequence[int]) -> Used:
    """CPU time and resident memory of processes, added up; of those that still run."""
    cpu_s = memory_mb = 0.0
    for pid in pids:
        try:
            stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            status = Path(f"/proc/{pid}/status").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        cpu_s += (int(stat[USER_TICKS]) + int(stat[SYSTEM_TICKS])) / TICKS_PER_S
        memory_mb += int(status.partition("VmRSS:")[2].split()[0]) / KIB_PER_MB
    return Used(cpu_s, memory_mb)


@contextmanager
def held_still(pids: Sequence[int]) -> Iterator[None]:
    """The processes do nothing inside the block, as if they were on other machines."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def list_children(pid: int) -> list[int]:
    """Processes that another one started and that run."""
    found: list[int] = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[PARENT]) == pid:
            found.append(int(path.parent.name))
    return found
