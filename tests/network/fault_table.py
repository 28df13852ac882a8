"""What the last run on the network measured, as a table for people.

Usage: python -m tests.network.fault_table [FILE]     FILE is build/network.json without.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.network.figures import FIGURES, Figures, read_figures


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure: where it lies, what it is, and what it must and should be."""

    key: str
    what: str
    must: str = ""
    aim: str = ""


GOALS: Final = (
    Goal("settled_per_s", "records settled per second"),
    Goal("ceiling_per_s", "what the chain's limits allow"),
    Goal("ratio", "ratio of the two", "at least 0.60", "0.85"),
    Goal("latency_p50_s", "acknowledged to settled, p50, s", "under two block times"),
    Goal("recovery_s", "recovery after a validator's kill, s", "under 10"),
    Goal("failover_s", "failover of a meter, s", "under 3"),
    Goal("up_s", "network up from built programs, s", "under 45"),
)
COLUMNS: Final = ("fault", "injected", "records", "lost", "doubled", "recovery s")


def format_faults(rows: Sequence[Figures]) -> str:
    """The rows under their headings, in the order in which they were measured."""
    cells = [
        [
            row["name"],
            *(f"{row[column]:,}" for column in ("injected", "records", "lost", "doubled")),
            f"{row['recovery_s']:.2f}",
        ]
        for row in rows
    ]
    return _format_table(COLUMNS, cells)


def format_figures(found: Figures) -> str:
    """Every figure that there is a goal for, beside it."""
    cells = [
        [goal.what, _format_number(found.get(goal.key)), goal.must, goal.aim] for goal in GOALS
    ]
    return _format_table(("figure", "measured", "must", "aim"), cells)


def main(words: Sequence[str]) -> int:
    """The tables on stdout; 1 where a row has something lost or doubled."""
    path = Path(words[0]) if words else FIGURES
    found = read_figures(path)
    rows = found.get("faults", [])
    print(format_figures(found), end="\n\n")
    print(format_faults(rows) if rows else "no fault was measured")
    return int(any(row["lost"] or row["doubled"] for row in rows))


def _format_number(value: Any) -> str:  # noqa: ANN401 - JSON
    if value is None:
        return "-"
    return f"{value:,.2f}" if isinstance(value, float) else f"{value:,}"


def _format_table(heads: Sequence[str], cells: Sequence[Sequence[str]]) -> str:
    """Columns side by side, the first one to the left, the others to the right."""
    lines = [heads, *cells]
    widths = [max(len(line[place]) for line in lines) for place in range(len(heads))]
    return "\n".join(
        "  ".join(
            [line[0].ljust(widths[0])]
            + [cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True)]
        )
        for line in lines
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
