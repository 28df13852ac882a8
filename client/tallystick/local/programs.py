"""Where the programs lie that a local network runs."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Final

from tallystick.local.errors import ProgramMissing

ANVIL_VARIABLE: Final = "TALLYSTICK_ANVIL"


def find_anvil() -> Path:
    """The anvil to run: the one named in TALLYSTICK_ANVIL, else set-up's, else the one on PATH.

    Raises:
        ProgramMissing: there is none, or it cannot be run.
    """
    named = os.environ.get(ANVIL_VARIABLE)
    if named is not None:
        return _check_program(Path(named))
    beside_python = Path(sys.executable).parent / "anvil"
    if beside_python.is_symlink() or beside_python.exists():
        return _check_program(beside_python)
    on_path = shutil.which("anvil")
    if on_path is None:
        raise ProgramMissing(
            "anvil, the local chain, is not installed",
            expected=f"`make setup`, or its path in {ANVIL_VARIABLE}",
            actual="no anvil beside Python or on PATH",
        )
    return Path(on_path)


def _check_program(path: Path) -> Path:
    if not os.access(path, os.X_OK) or path.is_dir():
        raise ProgramMissing(
            "anvil, the local chain, cannot be run",
            expected="`make setup`, which installs node_modules",
            actual=f"no program at {path}",
        )
    return path
