"""A network as a user starts it, in a folder of its own, gone with the block."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.integration.cli.program import Program, is_alive


@contextmanager
def run_network(folder: Path, engine: str) -> Iterator[Path]:
    """The folder of a network that runs on this engine; no process of it survives the block.

    Args:
        folder: a new one.
        engine: as `tallystick up --engine` takes it.
    """
    program = Program(folder)
    pids: dict[str, int] = {}
    try:
        started = program.run("up", "--engine", engine, "--detach")
        assert started.exit_code == 0, started
        yield folder / ".tallystick"
    finally:
        pids = program.read_pids()
        stopped = program.run("down", "--purge")
        assert stopped.exit_code == 0, stopped
        assert not [name for name, pid in pids.items() if is_alive(pid)]
