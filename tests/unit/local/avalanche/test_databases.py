"""A node waits for what is left of the one before it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tallystick.local.avalanche.databases import free_databases

MACHINE = "machine"
HOLD = """
import fcntl, sys, time
file = open(sys.argv[2], "r+b")
getattr(fcntl, sys.argv[1])(file, fcntl.LOCK_EX)
print("held", flush=True)
time.sleep(float(sys.argv[3]))
"""


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    found = tmp_path / "chainData" / "chain" / "db" / "LOCK"
    found.parent.mkdir(parents=True)
    found.touch()
    return found


@contextmanager
def held(way: str, lock: Path, seconds: float) -> Iterator[None]:
    """Another process has the lock for so long."""
    words = [sys.executable, "-c", HOLD, way, str(lock), str(seconds)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "held\n"
            yield
        finally:
            holder.kill()


@pytest.mark.parametrize("way", ["flock", "lockf"])
def test_open_database_is_waited_for(tmp_path: Path, lock: Path, way: str) -> None:
    with held(way, lock, 0.3):
        assert not free_databases(tmp_path, MACHINE, 0.0)
        assert free_databases(tmp_path, MACHINE, 60.0)


def test_machine_that_does_not_end_is_killed(tmp_path: Path, lock: Path) -> None:
    if not Path("/proc/self/fd").exists():
        pytest.skip("this system does not tell who has a file open")
    with held("lockf", lock, 600.0):
        assert not free_databases(tmp_path, "another", 0.1)
        assert free_databases(tmp_path, Path(os.path.realpath(sys.executable)).name, 5.0)


def test_closed_database_is_not_waited_for(tmp_path: Path, lock: Path) -> None:
    assert free_databases(tmp_path, MACHINE, 0.0)
    lock.unlink()
    assert free_databases(tmp_path, MACHINE, 0.0)
