"""Processes known by pid and start time."""

import sys
from pathlib import Path

import pytest

from tallystick.local.processes import ProcessEntry, Processes, is_running, wait_until_ended

SLEEP = "import time; time.sleep(60)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True)"


@pytest.fixture
def processes(tmp_path: Path) -> Processes:
    for name in ("run", "logs"):
        (tmp_path / name).mkdir()
    return Processes(tmp_path / "run", tmp_path / "logs")


def test_process_is_found_until_it_is_stopped(processes: Processes) -> None:
    entry = processes.start("sleeper", [sys.executable, "-c", SLEEP])
    assert processes.find("sleeper") == entry
    processes.stop(processes.entries())
    assert not is_running(entry)
    assert processes.entries() == []


def test_process_that_ignores_the_request_is_killed(processes: Processes) -> None:
    entry = processes.start("deaf", [sys.executable, "-c", f"{DEAF}; {SLEEP}"])
    log = processes.logs / "deaf.log"
    while not log.read_bytes():
        pass
    processes.stop([entry], patience_s=0.1)
    assert not is_running(entry)


def test_process_with_a_reused_pid_is_not_ours(processes: Processes) -> None:
    entry = processes.start("sleeper", [sys.executable, "-c", SLEEP])
    stranger = ProcessEntry("sleeper", entry.pid, "1")
    assert not is_running(stranger)
    processes.stop([stranger])
    assert is_running(entry)
    processes.stop([entry])


def test_process_that_ended_is_not_running(processes: Processes) -> None:
    entry = processes.start("short", [sys.executable, "-c", "print('done')"])
    assert wait_until_ended([entry], 30)
    assert processes.find("short") is None
    assert (processes.logs / "short.log").read_text() == "done\n"
    processes.stop([entry])
