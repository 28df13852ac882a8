"""A recorder that is killed at any moment, also while it recovers, loses and doubles nothing."""

import os
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from tests.unit.meter.opened import read_users, recording

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[3]
CHILD = ROOT / "tests" / "integration" / "meter" / "record_until_killed.py"
RUNS = 12

Line = tuple[str, int, int]


def record_until_killed(folder: Path, seed: int, choose: random.Random) -> list[Line]:
    """What the child acknowledged: killed while it opens, or after some lines."""
    command = [sys.executable, str(CHILD), str(folder), str(seed)]
    paths = f"{ROOT}{os.pathsep}{ROOT / 'client'}"
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, env={"PYTHONPATH": paths}, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "started\n"
        lines = []
        if choose.random() < 0.5:
            time.sleep(choose.random() * 0.05)
        else:
            assert child.stdout.readline() == "opened\n"
            lines = [child.stdout.readline() for _ in range(choose.randint(0, 600))]
        child.kill()
        lines += child.stdout.readlines()
    return [parse(line) for line in lines if line.count(" ") == 2 and line.endswith("\n")]


def parse(line: str) -> Line:
    kind, number, seq = line.split()
    return kind, int(number), int(seq)


def test_killed_recorder_loses_and_doubles_nothing(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    choose = random.Random(seed)  # noqa: S311 - no secret
    lines: list[Line] = []
    for run in range(RUNS):
        lines += record_until_killed(tmp_path, run + 1, choose)
    with recording(tmp_path) as (_, recorder):
        print(f"recovered {recorder.recovered}")
    users = read_users(tmp_path)
    assert len(set(users)) == len(users)
    by_call = Counter(user // 10 for user in users)
    assert set(by_call.values()) <= {1}
    for kind, number, seq in lines:
        if kind == "begun":
            assert by_call[number] == 1
        else:
            assert users[seq] == number * 10 + 1
    assert {kind for kind, _, _ in lines} == {"begun", "finished", "event"}
    assert any(user % 10 == 0 for user in users)
