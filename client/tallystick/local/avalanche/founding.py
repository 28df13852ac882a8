"""Founding a chain among fresh nodes, which run from then on."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from tallystick.local.avalanche.programs import NODE_ENVIRONMENT, AvalanchePrograms
from tallystick.local.errors import StartFailed
from tallystick.local.folder import ChainNodeEntry
from tallystick.local.names import name_chain_nodes
from tallystick.local.processes import Processes

PATIENCE_S: Final = 210.0
"""The program itself gives up after 180 s and stops what it had started."""
STOP_PATIENCE_S: Final = 40.0
_TOLD_CHARACTERS: Final = 600


class _FoundedNode(msgspec.Struct, frozen=True):
    id: str
    pid: int
    url: str
    flags: str


class _Founded(msgspec.Struct, frozen=True):
    blockchain: str
    subnet: str
    nodes: list[_FoundedNode]


def found_chain(
    programs: AvalanchePrograms,
    folder: Path,
    genesis: Mapping[str, Any],
    settings: Mapping[str, Any],
    ports: Sequence[tuple[int, int]],
    processes: Processes,
) -> list[ChainNodeEntry]:
    """The chain runs on as many nodes as there are ports, each of them healthy.

    Args:
        programs: see `find_avalanche`.
        folder: for the nodes' data, a folder each, named like the node.
        genesis: see `compute_genesis`.
        settings: see `compute_chain_settings`.
        ports: of each node: for requests, and for the other nodes.
        processes: of the network.

    Raises:
        StartFailed: it did not; nothing runs.
    """
    names = name_chain_nodes(len(ports))
    order = {
        "folder": str(folder.absolute()),
        "node": str(programs.node),
        "plugins": str(programs.plugins),
        "genesis": genesis,
        "chain_config": settings,
        "members": [
            {"name": name, "http_port": http, "staking_port": staking}
            for name, (http, staking) in zip(names, ports, strict=True)
        ],
    }
    founded = _run(programs.create, msgspec.json.encode(order), processes.logs / "founding.log")
    for name, node in zip(names, founded.nodes, strict=True):
        processes.adopt(name, node.pid)
        link_log(processes.logs / f"{name}.log", Path(node.flags).parent)
    return [
        ChainNodeEntry(name, node.id, f"{node.url}/ext/bc/{founded.blockchain}/rpc", node.flags)
        for name, node in zip(names, founded.nodes, strict=True)
    ]


def link_log(path: Path, data: Path) -> None:
    """Whoever reads `path` reads the node's own log, whose size the node bounds."""
    path.unlink(missing_ok=True)
    path.symlink_to(os.path.relpath(data.absolute() / "logs" / "main.log", path.absolute().parent))


def _run(create: Path, order: bytes, log: Path) -> _Founded:
    with log.open("wb") as errors:
        program = subprocess.Popen(
            [create],
            env={**os.environ, **NODE_ENVIRONMENT},  # the nodes inherit it
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
        )
        try:
            answer, _ = program.communicate(order, timeout=PATIENCE_S)
        except BaseException:
            _stop(program)
            raise
    if program.returncode != 0:
        raise StartFailed(
            "the chain could not be founded",
            expected="every node healthy",
            actual=f"{_read_end(log)} (see {log})",
        )
    return msgspec.json.decode(answer, type=_Founded)


def _stop(program: subprocess.Popen[bytes]) -> None:
    """The program ended, and with it what it had started: it stops that when it is asked to end."""
    program.terminate()
    try:
        program.wait(STOP_PATIENCE_S)
    except subprocess.TimeoutExpired:
        program.kill()
        program.wait()


def _read_end(log: Path) -> str:
    lines = log.read_text(errors="replace").strip()[-_TOLD_CHARACTERS:].splitlines()
    return lines[-1] if lines else "it said nothing"
