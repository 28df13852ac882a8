"""What the mock upstream was asked and what it reported: the truth for records."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tests.upstream.answers import FIELDS

MOST_CALLS: Final = 100_000


@dataclass(slots=True)
class Call:
    """One request and how far its answer got."""

    path: str
    model: str
    is_stream: bool
    headers: Mapping[str, str]
    body: bytes
    status: int = 0
    reported: Mapping[str, int] | None = None
    """The five fields as they left; None = the answer's usage did not go out, or has no use."""
    sent_pieces: int = 0
    is_complete: bool = False
    """The whole answer was written."""

    def as_dict(self) -> dict[str, Any]:
        """For GET /mock/log."""
        return {name: getattr(self, name) for name in self.__slots__} | {
            "headers": dict(self.headers),
            "body": self.body.decode(errors="replace"),
        }


@dataclass(slots=True)
class CallLog:
    """Calls since the last reset, and sums that hold even where calls are not kept."""

    keeps_calls: bool = True
    calls: deque[Call] = field(default_factory=lambda: deque(maxlen=MOST_CALLS))
    sums: Counter[str] = field(default_factory=Counter)

    def add(self, call: Call) -> None:
        """The call counts as asked."""
        self.sums["calls"] += 1
        if self.keeps_calls:
            self.calls.append(call)

    def report(self, call: Call, reported: Mapping[str, int] | None) -> None:
        """The answer's usage has left."""
        call.reported = reported
        if reported is not None:
            self.sums["reported"] += 1
            for name in FIELDS:
                self.sums[name] += reported[name]

    def complete(self, call: Call) -> None:
        """The answer has left to its end."""
        call.is_complete = True
        self.sums["completed"] += 1

    def clear(self) -> None:
        """Nothing has been asked."""
        self.calls.clear()
        self.sums.clear()
