"""A collector that is killed at any moment loses and doubles nothing."""

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.unit.meter.opened import open_sample_meter

from tallystick.core.usage import Records
from tallystick.meter.gpu.uses import PPM_US, US_PER_S

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[3]
CHILD = ROOT / "tests" / "integration" / "gpu" / "collect_until_killed.py"
RUNS = 8
US_PER_COUNT = 1_000
DEVICE_KIB = 80 << 20


def start(folder: Path, counter: Path, mode: str) -> subprocess.Popen[str]:
    paths = f"{ROOT}{os.pathsep}{ROOT / 'client'}"
    return subprocess.Popen(
        [sys.executable, str(CHILD), str(folder), str(counter), mode],
        stdout=subprocess.PIPE,
        env={"PYTHONPATH": paths},
        text=True,
    )


def write(counter: Path, count: int) -> None:
    """Readers find the old count or the new."""
    unfinished = counter.with_suffix(".new")
    unfinished.write_text(str(count))
    unfinished.rename(counter)


def run_to_the_end(folder: Path, counter: Path) -> None:
    with start(folder, counter, "last") as child:
        child.communicate(timeout=60)
        assert child.returncode == 0


def read_all(folder: Path) -> Records:
    with open_sample_meter(folder) as meter:
        return meter.journal.read(0, meter.journal.next_seq)


def test_killed_collector_loses_and_doubles_nothing(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    choose = random.Random(seed)  # noqa: S311 - no secret
    folder, counter = tmp_path / "meter", tmp_path / "counter"
    write(counter, 0)
    run_to_the_end(folder, counter)
    count = 0
    for _ in range(RUNS):
        with start(folder, counter, "run") as child:
            assert child.stdout is not None
            assert child.stdout.readline() == "running\n"
            for _ in range(choose.randint(0, 60)):
                count += choose.randint(0, 50)
                write(counter, count)
                time.sleep(choose.random() * 0.004)
            child.kill()
    run_to_the_end(folder, counter)

    records = read_all(folder)
    state = json.loads((folder / "collector.json").read_text())
    assert state["pending"] == []
    tokens = records[records["resource"] == 1]
    assert int(tokens["out_visible"].sum()) == count > 0
    gpu = records[records["resource"] == 2]
    rest = {
        name: sum(bucket["fine"].get(name, 0) for bucket in state["buckets"])
        for name in ("compute_ms", "memory_gib_s")
    }
    elapsed_us = count * US_PER_COUNT
    assert int(gpu["compute_ms"].sum()) * PPM_US + rest["compute_ms"] == elapsed_us * 10**6
    memory = int(gpu["memory_gib_s"].sum()) * (1 << 20) * US_PER_S + rest["memory_gib_s"]
    assert memory == elapsed_us * DEVICE_KIB
    assert set(gpu["project"].tolist()) == {3, 4}
