"""A chain is founded by a program that takes an order and answers with what it started."""

import json
import os
from pathlib import Path

import pytest

from tallystick.local.avalanche.founding import found_chain
from tallystick.local.avalanche.nodes import compute_command
from tallystick.local.avalanche.programs import AvalanchePrograms
from tallystick.local.errors import StartFailed
from tallystick.local.processes import Processes

PORTS = [(7001, 7002), (7003, 7004)]


@pytest.fixture
def processes(tmp_path: Path) -> Processes:
    (tmp_path / "run").mkdir()
    (tmp_path / "logs").mkdir()
    return Processes(tmp_path / "run", tmp_path / "logs")


def write_program(folder: Path, script: str) -> AvalanchePrograms:
    create = folder / "create"
    create.write_text(f"#!/bin/sh\n{script}\n")
    create.chmod(0o755)
    return AvalanchePrograms(create, folder / "avalanchego", folder / "plugins")


def answering(tmp_path: Path) -> AvalanchePrograms:
    """A program that keeps its order, and says that this very process is both nodes."""
    nodes = [
        {
            "id": f"NodeID-{number}",
            "pid": os.getpid(),
            "url": f"http://127.0.0.1:{7001 + 2 * number}",
            "flags": str(tmp_path / f"chain-{number + 1}" / "flags.json"),
        }
        for number in range(2)
    ]
    answer = json.dumps({"blockchain": "B", "subnet": "S", "nodes": nodes})
    return write_program(tmp_path, f"cat > {tmp_path}/order\necho '{answer}'")


def test_founded_nodes_are_processes_of_the_network(tmp_path: Path, processes: Processes) -> None:
    found_chain(answering(tmp_path), tmp_path, {}, {}, PORTS, processes)
    assert [entry.name for entry in processes.entries()] == ["chain-1", "chain-2"]
    assert {entry.pid for entry in processes.entries()} == {os.getpid()}


def test_founded_nodes_serve_the_chain_under_its_id(tmp_path: Path, processes: Processes) -> None:
    nodes = found_chain(answering(tmp_path), tmp_path, {}, {}, PORTS, processes)
    assert [node.rpc_url for node in nodes] == [
        "http://127.0.0.1:7001/ext/bc/B/rpc",
        "http://127.0.0.1:7003/ext/bc/B/rpc",
    ]


def test_order_names_every_node_with_its_ports(tmp_path: Path, processes: Processes) -> None:
    found_chain(answering(tmp_path), tmp_path, {"g": 1}, {"s": 2}, PORTS, processes)
    order = json.loads((tmp_path / "order").read_bytes())
    assert order["members"] == [
        {"name": "chain-1", "http_port": 7001, "staking_port": 7002},
        {"name": "chain-2", "http_port": 7003, "staking_port": 7004},
    ]
    assert (order["genesis"], order["chain_config"]) == ({"g": 1}, {"s": 2})


def test_log_of_a_node_is_the_one_that_it_bounds_itself(
    tmp_path: Path, processes: Processes
) -> None:
    found_chain(answering(tmp_path), tmp_path, {}, {}, PORTS, processes)
    own = tmp_path / "chain-2" / "logs" / "main.log"
    own.parent.mkdir(parents=True)
    own.write_text("here")
    assert (processes.logs / "chain-2.log").read_text() == "here"


def test_founding_fails_with_what_the_program_said_last(
    tmp_path: Path, processes: Processes
) -> None:
    programs = write_program(tmp_path, "cat >/dev/null; echo no room >&2; exit 1")
    with pytest.raises(StartFailed) as failed:
        found_chain(programs, tmp_path, {}, {}, PORTS, processes)
    assert "no room" in str(failed.value.actual)
    assert processes.entries() == []


def test_node_starts_from_its_flags_with_the_plugins_of_today(
    tmp_path: Path, processes: Processes
) -> None:
    programs = answering(tmp_path)
    node = found_chain(programs, tmp_path, {}, {}, PORTS, processes)[0]
    assert compute_command(programs, node) == [
        str(programs.node),
        *("--config-file", node.flags, "--plugin-dir", str(programs.plugins)),
    ]
