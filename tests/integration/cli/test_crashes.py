"""kill -9 of the chain and of validators: after `up` the ledger holds every record once."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.cli.program import Program

pytestmark = [pytest.mark.integration, pytest.mark.slow]

TRACE = Path("examples/traces/azure_llm_2023_code.csv").resolve()
REPLAY = (
    "replay",
    str(TRACE),
    *("--format", "azure-llm", "--project", "acme/engineering/code"),
    *("--resource", "llama-3.1-405b", "--create"),
)


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    """The program in a folder in which a network runs, for one test."""
    program = Program(tmp_path)
    started = program.run("up", "--detach")
    assert started.exit_code == 0, started
    yield program
    assert program.run("down", "--purge").exit_code == 0


def kill(program: Program, *names: str) -> None:
    """The processes die without a word."""
    pids = program.read_pids()
    for name in names:
        os.kill(pids[name], signal.SIGKILL)


@pytest.mark.parametrize("victims", [("anvil",), ("recorder", "anvil")])
def test_ledger_is_whole_when_the_chain_was_killed(
    program: Program, victims: tuple[str, ...]
) -> None:
    program.ask("account", "create", "acme/engineering/code")
    if "recorder" in victims:
        kill(program, "recorder")  # nothing that follows reaches the chain's log
    report = program.ask(*REPLAY, "--limit", "1500")
    before = program.ask("usage", "--by", "project")
    kill(program, "anvil")
    down = program.run("verify", "--json")
    assert down.exit_code == 75, down
    revived = program.run("up", "--detach")
    assert revived.exit_code == 0, revived
    verdict = program.ask("verify")
    assert verdict["verified"]
    assert verdict["records"] == report["records"] == 1_500
    assert program.ask("usage", "--by", "project") == before


def test_replay_loses_and_doubles_nothing_when_a_validator_is_killed(program: Program) -> None:
    chance = random.Random(os.environ.get("TALLYSTICK_SEED"))  # noqa: S311 - no secret
    program.ask("account", "create", "acme/engineering/code")
    running = subprocess.Popen(
        [sys.executable, "-m", "tallystick.cli.main", *REPLAY, "--json"],
        cwd=program.folder,
        stdout=subprocess.PIPE,
        text=True,
    )
    time.sleep(chance.uniform(0.5, 6))
    kill(program, f"validator-{chance.randint(1, 4)}")
    output, _ = running.communicate(timeout=240)
    assert running.returncode == 0, output
    status = program.ask("status")
    assert status["records_settled"] + status["records_quarantined"] == 8_819
    assert [validator["alive"] for validator in status["validators"]].count(False) == 1
    assert program.ask("verify")["records"] == 8_819
    assert program.run("up", "--detach").exit_code == 0
    assert all(validator["alive"] for validator in program.ask("status")["validators"])
