"""A meter that is killed at any moment keeps everything it acknowledged, exactly once."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tallystick.meter.journal import Journal

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[3]
CHILD = ROOT / "tests" / "integration" / "meter" / "append_until_killed.py"


def append_until_killed(folder: Path, seed: int, acknowledgements: int) -> list[tuple[int, ...]]:
    """What the child acknowledged before it was killed, after at least that many."""
    command = [sys.executable, str(CHILD), str(folder), str(seed)]
    paths = f"{ROOT}{os.pathsep}{ROOT / 'client'}"
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, env={"PYTHONPATH": paths}, text=True
    ) as child:
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(acknowledgements)]
        child.kill()
        lines += child.stdout.readlines()
    return [tuple(map(int, line.split())) for line in lines if line.endswith("\n")]


def test_journal_keeps_every_acknowledged_record_once_when_killed(tmp_path: Path) -> None:
    choose = random.Random(7)  # noqa: S311 - no secret
    acknowledged = []
    for seed in range(5):
        acknowledged += append_until_killed(tmp_path, seed, choose.randint(1, 150))
    journal = Journal(tmp_path)
    users = journal.read(0, journal.next_seq)["user"].tolist()
    journal.close()
    assert len(set(users)) == len(users)
    for first_seq, user, count in acknowledged:
        assert users[first_seq : first_seq + count] == list(range(user, user + count))
