"""kill -9 of the chain and of validators: after `up` the ledger holds every record once."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.integration.cli.program import Program

pytestmark = [pytest.mark.integration, pytest.mark.slow]

TRACE = Path("examples/traces/azure_llm_2023_code.csv").resolve()
ROWS = 1_500
ALL_ROWS = 8_819


def list_replay_words(project: str) -> tuple[str, ...]:
    """A replay of the trace that bills a project of its own."""
    return (
        "replay",
        str(TRACE),
        *("--format", "azure-llm", "--project", project, "--create"),
        *("--resource", "llama-3.1-405b"),
    )


def kill(program: Program, *names: str) -> None:
    """The processes die without a word."""
    pids = program.read_pids()
    for name in names:
        os.kill(pids[name], signal.SIGKILL)


def count_settled(program: Program, project: str) -> list[tuple[int, int]]:
    """Records and quarantined records of a project, as the validators' index has them."""
    rows = program.ask("usage", "--by", "project", "--under", project)
    return [(row["records"], row["quarantined"]) for row in rows]


@pytest.mark.parametrize(
    ("project", "victims"),
    [("acme/ops/logged", ["anvil"]), ("acme/ops/unlogged", ["recorder", "anvil"])],
)
def test_ledger_is_whole_when_the_chain_was_killed(
    program: Program, project: str, victims: list[str]
) -> None:
    program.ask("account", "create", project)
    if "recorder" in victims:
        time.sleep(1)
        kill(program, "recorder")  # nothing that follows reaches the chain's log
    assert program.ask(*list_replay_words(project), "--limit", str(ROWS))["settled"] == ROWS
    before = program.ask("usage", "--by", "project")
    kill(program, "anvil")
    assert program.run("verify").exit_code == 75
    revived = program.run("up", "--detach")
    assert revived.exit_code == 0, revived
    assert program.ask("usage", "--by", "project") == before
    verdict = program.ask("verify")
    assert verdict["verified"]
    assert verdict["records"] == sum(row["records"] for row in before)


def test_replay_loses_and_doubles_nothing_when_a_validator_is_killed(program: Program) -> None:
    chance = random.Random(os.environ.get("TALLYSTICK_SEED"))  # noqa: S311 - no secret
    project = "acme/engineering/code"
    running = subprocess.Popen(
        [sys.executable, "-m", "tallystick.cli.main", *list_replay_words(project), "--json"],
        cwd=program.folder,
        stdout=subprocess.PIPE,
        text=True,
    )
    time.sleep(chance.uniform(0.5, 6))
    kill(program, f"validator-{chance.randint(1, 4)}")
    output, _ = running.communicate(timeout=240)
    assert running.returncode == 0, output
    assert count_settled(program, project) == [(ALL_ROWS, 0)]
    alive = [validator["alive"] for validator in program.ask("status")["validators"]]
    assert alive.count(False) == 1
    assert program.ask("verify")["verified"]
    assert program.run("up", "--detach").exit_code == 0
    assert all(validator["alive"] for validator in program.ask("status")["validators"])
