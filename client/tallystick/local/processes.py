"""Processes that outlive the command that started them: known by pid and start time."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from tallystick.local.files import PRIVATE_FILE, read_document, write_document

POLL_S: Final = 0.02
STDIN, STDOUT, STDERR = 0, 1, 2
STATE_FIELD: Final = 0
START_TIME_FIELD: Final = 19
"""Positions behind the closing parenthesis of /proc/PID/stat."""


class ProcessEntry(msgspec.Struct, frozen=True):
    """A process as run/NAME.json remembers it; a pid alone could by now be another program's."""

    name: str
    pid: int
    started: str


@dataclass(frozen=True)
class Processes:
    """The processes of one network."""

    run: Path
    logs: Path

    def start(
        self, name: str, command: Sequence[str], *, environment: Mapping[str, str] | None = None
    ) -> ProcessEntry:
        """`command` runs in a session of its own, its output appended to logs/NAME.log.

        Args:
            name: unique in this network.
            command: the program's path and its arguments.
            environment: added to this process's own.
        """
        log = str(self.logs / f"{name}.log")
        appending = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        pid = os.posix_spawn(
            command[0],
            list(command),
            {**os.environ, **(environment or {})},
            file_actions=[
                (os.POSIX_SPAWN_OPEN, STDIN, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, STDOUT, log, appending, PRIVATE_FILE),
                (os.POSIX_SPAWN_DUP2, STDOUT, STDERR),
            ],
            setsid=True,
        )
        return self.adopt(name, pid)

    def adopt(self, name: str, pid: int) -> ProcessEntry:
        """The process that runs under this pid is one of the network's from now on."""
        entry = ProcessEntry(name, pid, read_start_mark(pid) or "")
        write_document(self.run / f"{name}.json", entry)
        return entry

    def entries(self) -> list[ProcessEntry]:
        """Every process that was started and not stopped, running or not."""
        found = (read_document(path, ProcessEntry) for path in sorted(self.run.glob("*.json")))
        return [entry for entry in found if entry is not None]

    def find(self, name: str) -> ProcessEntry | None:
        """The process with this name, None when it does not run."""
        entry = read_document(self.run / f"{name}.json", ProcessEntry)
        return entry if entry is not None and is_running(entry) else None

    def stop(self, entries: Sequence[ProcessEntry], *, patience_s: float = 10.0) -> None:
        """None of the processes runs: asked first, killed when they have not ended in time."""
        for entry in entries:
            send_signal(entry, signal.SIGTERM)
        if not wait_until_ended(entries, patience_s):
            for entry in entries:
                send_signal(entry, signal.SIGKILL)
            wait_until_ended(entries, patience_s)
        for entry in entries:
            (self.run / f"{entry.name}.json").unlink(missing_ok=True)


def is_running(entry: ProcessEntry) -> bool:
    """The process that was started lives, and is no other that got its pid."""
    with suppress(ChildProcessError):
        os.waitpid(entry.pid, os.WNOHANG)
    mark = read_start_mark(entry.pid)
    return mark is not None and mark == entry.started


def send_signal(entry: ProcessEntry, number: signal.Signals) -> None:
    """The process got the signal if it still runs."""
    if is_running(entry):
        with suppress(ProcessLookupError):
            os.kill(entry.pid, number)


def wait_until_ended(entries: Sequence[ProcessEntry], patience_s: float) -> bool:
    """Whether all processes ended within `patience_s`."""
    deadline = time.monotonic() + patience_s
    while any(is_running(entry) for entry in entries):
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_S)
    return True


def read_start_mark(pid: int) -> str | None:
    """What tells a process from a later one with the same pid; None when there is none alive."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None if Path("/proc/self/stat").exists() else _ask_ps(pid)
    fields = stat.rpartition(")")[2].split()
    return None if _has_ended(pid, fields[STATE_FIELD]) else fields[START_TIME_FIELD]


def _has_ended(pid: int, state: str) -> bool:
    """Whether all threads have ended; the first one's state alone says nothing of the others."""
    with suppress(FileNotFoundError):
        return state in "ZX" and len(list(Path(f"/proc/{pid}/task").iterdir())) <= 1
    return True


def _ask_ps(pid: int) -> str | None:
    """The same where there is no /proc."""
    answer = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)],  # noqa: S607 - found on every such system
        capture_output=True,
        text=True,
        check=False,
    )
    return answer.stdout.strip() or None
