"""A validator's process: `python -m tallystick.local.validator_process SETTINGS`.

The node is a package of its own that the client does without, so it is looked up when it is needed.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from tallystick.local.errors import ProgramMissing


def run_validator(settings: Path) -> None:
    """One validator runs in the foreground until it is told to end.

    Raises:
        ProgramMissing: the node is not installed.
    """
    try:
        node = importlib.import_module("tallystick_node.node")
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("tallystick_node"):
            raise
        raise ProgramMissing(
            "the validator's package is not installed",
            expected="pip install 'tallystick[node]'",
            actual=error.name,
        ) from error
    node.run(settings)


if __name__ == "__main__":
    run_validator(Path(sys.argv[1]))
