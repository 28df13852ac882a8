"""How much was seen, what became of it, and what was lost: passive meters miss things."""

from __future__ import annotations

from collections import Counter
from typing import Final

LOSSES: Final = {
    "other_routes": "requests that are no calls to a model",
    "malformed": "requests or lines that could not be read",
    "failed": "calls that failed upstream and used nothing",
    "no_usage": "lines with neither usage nor sizes",
    "unbillable": "calls whose project cannot be billed, or whose resource is charged by GPU time",
    "too_large": "bodies or lines beyond the bound",
    "unpaired": "answers without their request, or requests without their answer",
    "gaps": "holes in captured connections",
    "missing_bytes": "bytes in those holes",
    "unreadable": "connections that are not HTTP/1.1 in clear",
    "dropped": "connections or bytes left out because too many were open at once",
    "rotated_away": "files that were gone before they were read to their end",
}
"""By name, in plain words."""


class Tally:
    """Counts since the observer began."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def add(self, name: str, count: int = 1) -> None:
        """The count is greater by so much.

        Args:
            name: seen, recorded, repeated, held, estimated, or one of `LOSSES`.
            count: at least 0.
        """
        self._counts[name] += count

    def __getitem__(self, name: str) -> int:
        return self._counts[name]

    def as_dict(self) -> dict[str, int]:
        """Every count, those of nothing included."""
        names = ("seen", "recorded", "repeated", "held", "estimated", *LOSSES)
        return {name: self._counts[name] for name in names}
