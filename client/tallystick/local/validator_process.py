"""The validators' processes: `python -m tallystick.local.validator_process`.

Reads lines of settings file, tab, log file; forks a validator for each, prints its pid. Importing
a node takes longer than all else that it does to start: four validators pay for it once.
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from types import ModuleType

from tallystick.local.errors import ProgramMissing


def load_node() -> ModuleType:
    """The node's entry module; the client does without it until here.

    Raises:
        ProgramMissing: the node is not installed.
    """
    try:
        return importlib.import_module("tallystick_node.node")
    except ModuleNotFoundError as error:
        raise ProgramMissing(
            "the validator's packages are not installed",
            expected="pip install 'tallystick[node]'",
            actual=error.name,
        ) from error


def run_validator(settings: Path) -> None:
    """One validator runs in the foreground until it is told to end."""
    load_node().run(settings)


def fork_validator(node: ModuleType, settings: Path, log: Path) -> int:
    """A validator runs in a session of its own, its output appended to the log; gives its pid."""
    pid = os.fork()
    if pid:
        return pid
    os.setsid()
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(os.open(os.devnull, os.O_RDONLY), sys.stdin.fileno())
    os.dup2(descriptor, sys.stdout.fileno())
    os.dup2(descriptor, sys.stderr.fileno())
    node.run(settings)
    sys.exit()


def main() -> None:
    """Entry point of the process that forks."""
    node = load_node()
    for line in sys.stdin:
        settings, log = line.rstrip("\n").split("\t")
        pid = fork_validator(node, Path(settings), Path(log))
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
