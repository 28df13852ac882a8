"""The demo, stopped in the middle: nothing may be left running or lying about."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = [pytest.mark.integration, pytest.mark.slow]


def list_processes(mark: str) -> list[str]:
    """Command lines of living processes that were started with `mark` in their environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (folder / "environ").read_bytes():
                found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGHUP])
def test_demo_leaves_nothing_when_it_is_ended(tmp_path: Path, ending: signal.Signals) -> None:
    chance = random.Random(os.environ.get("TALLYSTICK_SEED"))  # noqa: S311 - no secret
    running = subprocess.Popen(
        [sys.executable, "examples/demo.py"],
        stdout=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert running.stdout is not None
    assert running.stdout.readline() == b"Starting a chain, its contracts and four validators\n"
    time.sleep(chance.uniform(0, 10))
    running.send_signal(ending)
    running.communicate(timeout=90)
    assert list_processes(f"TMPDIR={tmp_path}") == []
    assert list(tmp_path.iterdir()) == []
