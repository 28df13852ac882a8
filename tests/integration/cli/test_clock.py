"""A network moved ahead by days goes on settling, and comes back from restarts as it was."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.integration.cli.program import Program

from tallystick.chain.reader import ask, connect, expect
from tallystick.client import Client
from tallystick.client.submission import Use
from tallystick.local.clock import NetworkClock, forward
from tallystick.local.folder import NetworkFolder

pytestmark = [pytest.mark.integration, pytest.mark.slow]

DAYS_8_S = 8 * 86_400
TOLERANCE_S = 120
PROJECT = "acme/ops/ahead"


@pytest.fixture
def moving(tmp_path: Path) -> Iterator[Program]:
    """The program in a folder in which a network of four validators runs, for one test alone."""
    program = Program(tmp_path)
    started = program.run("up", "--detach")
    assert started.exit_code == 0, started
    program.ask("account", "create", PROJECT)
    yield program
    assert program.run("down", "--purge").exit_code == 0
    assert not (program.folder / ".tallystick").exists()


def record(program: Program, count: int) -> None:
    """This many records of now settle, none of them quarantined."""
    with Client.open(program.folder / ".tallystick") as client:
        client.register_meter("ahead", "acme")
        use: Use = {"project": PROJECT, "resource": "gpt-4o", "in_fresh": 100}
        client.submit([use] * count, meter="ahead")
        outcomes = client.wait_settled(meter="ahead")
    assert (outcomes.settled, outcomes.quarantined) == (count, 0)


def read_head(folder: NetworkFolder) -> dict[str, Any]:
    """The chain's newest block."""
    network = folder.read_network()
    assert network is not None
    chain = connect(network.rpc_urls[0])
    head: dict[str, Any] = expect(ask(chain, "eth_getBlockByNumber", ("latest", False)))
    return head


def compute_lead_s(folder: NetworkFolder) -> int:
    """How far the chain's newest block is ahead of the wall clock."""
    return int(read_head(folder)["timestamp"], 16) - int(time.time())


def test_network_settles_on_after_jumps_and_restarts(moving: Program) -> None:
    folder = NetworkFolder(moving.folder / ".tallystick")
    record(moving, 3)
    jump = forward(folder, DAYS_8_S)
    assert jump.offset_s == NetworkClock(folder.clock_file).offset_s
    assert jump.offset_s - DAYS_8_S in range(TOLERANCE_S)
    record(moving, 4)
    assert abs(compute_lead_s(folder) - jump.offset_s) < TOLERANCE_S
    assert moving.ask("verify")["records"] == 7

    hash_before = read_head(folder)["hash"]
    assert moving.run("down").exit_code == 0
    assert moving.run("up", "--detach").exit_code == 0
    assert read_head(folder)["hash"] == hash_before
    record(moving, 5)
    assert abs(compute_lead_s(folder) - jump.offset_s) < TOLERANCE_S

    again = forward(folder, DAYS_8_S)
    assert again.offset_s - 2 * DAYS_8_S in range(2 * TOLERANCE_S)
    for pid in moving.read_pids().values():
        os.kill(pid, signal.SIGKILL)
    assert moving.run("up", "--detach").exit_code == 0
    assert int(read_head(folder)["number"], 16) >= again.block
    record(moving, 6)
    assert abs(compute_lead_s(folder) - again.offset_s) < TOLERANCE_S
    verdict = moving.ask("verify")
    assert verdict["verified"]
    assert verdict["records"] == 18
