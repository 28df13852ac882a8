"""build/network.json: what runs on the network measured, put together by several tests."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

FIGURES: Final = Path(__file__).parents[2] / "build" / "network.json"

Figures = dict[str, Any]


def add_figures(path: Path = FIGURES, **figures: float) -> None:
    """The file holds these figures too, whatever it held under their names before."""
    _change(path, lambda found: found.update(figures))


def add_fault_row(row: Figures, path: Path = FIGURES) -> None:
    """The file's `faults` hold this row, in place of an earlier one of its name."""

    def apply(found: Figures) -> None:
        others = [each for each in found.get("faults", []) if each["name"] != row["name"]]
        found["faults"] = [*others, row]

    _change(path, apply)


def read_figures(path: Path = FIGURES) -> Figures:
    """What has been measured so far; nothing before the first figure."""
    found: Figures = json.loads(path.read_text()) if path.exists() else {}
    return found


def _change(path: Path, apply: Callable[[Figures], None]) -> None:
    """One writer at a time; a reader finds the old document or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = read_figures(path)
        apply(found)
        unfinished = path.with_suffix(".new")
        unfinished.write_text(json.dumps(found, indent=2) + "\n")
        unfinished.replace(path)
