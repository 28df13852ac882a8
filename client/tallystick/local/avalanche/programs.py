"""Where the programs lie that found a chain of several nodes and run it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tallystick.local.errors import ProgramMissing

AVALANCHE_VARIABLE: Final = "TALLYSTICK_AVALANCHE"
MACHINE_ID: Final = "srEXiWaHuhNyGwPUi444Tu47ZEDwxTWrbQiuD7FmgSAQ6X7Dy"
"""The file name by which a node finds the chain's virtual machine among its plugins."""
NODE_ENVIRONMENT: Final = {"GOGC": "400", "GOMEMLIMIT": "1GiB"}
"""Nodes collect garbage less often: where blocks are full, processors are what is short."""
_BUILT: Final = Path(__file__).resolve().parents[4] / "build" / "avalanche" / "current"


@dataclass(frozen=True)
class AvalanchePrograms:
    """The programs that scripts/network builds.

    Attributes:
        create: founds a chain.
        node: runs one node of it.
        plugins: the folder with the virtual machine that each node runs.
    """

    create: Path
    node: Path
    plugins: Path


def find_avalanche() -> AvalanchePrograms:
    """The programs in the folder named in TALLYSTICK_AVALANCHE, else those built in this checkout.

    Raises:
        ProgramMissing: one is not there, or cannot be run.
    """
    folder = Path(os.environ.get(AVALANCHE_VARIABLE) or _BUILT).absolute()
    programs = AvalanchePrograms(folder / "create", folder / "avalanchego", folder / "plugins")
    for path in (programs.create, programs.node, programs.plugins / MACHINE_ID):
        if not os.access(path, os.X_OK) or path.is_dir():
            raise ProgramMissing(
                "the programs of a chain of several nodes are not built",
                expected=f"`make network`, or the folder that holds them in {AVALANCHE_VARIABLE}",
                actual=f"no program at {path}",
            )
    return programs
