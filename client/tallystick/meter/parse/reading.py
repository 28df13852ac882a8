"""What an answer says was used, in five disjoint counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tallystick.core.usage import Flag

MAX_RAW_BYTES: Final = 16 * 1024
"""Of a usage object that is kept; the largest seen in the field are below 2 KiB."""

NO_FLAGS: Final = Flag(0)
"""Nothing is doubtful."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one answer says was used (docs/metering.md has the formula per provider).

    Args:
        in_fresh: LLM tokens read uncached.
        in_cached: LLM tokens read from a cache.
        in_written: LLM tokens written to a cache.
        out_visible: LLM tokens produced and shown.
        out_reasoning: LLM tokens produced and hidden.
        flags: what is doubtful about the counts.
        model: as the answer names it, "" where it does not.
        tier: the price tier the answer was served at, "" for the standard one.
        raw: the provider's own usage object as JSON, at most 16 KiB; b"" where there is none.
    """

    in_fresh: int = 0
    in_cached: int = 0
    in_written: int = 0
    out_visible: int = 0
    out_reasoning: int = 0
    flags: Flag = NO_FLAGS
    model: str = ""
    tier: str = ""
    raw: bytes = b""

    @property
    def in_total(self) -> int:
        """LLM tokens read, however they were priced."""
        return self.in_fresh + self.in_cached + self.in_written

    @property
    def out_total(self) -> int:
        """LLM tokens produced, shown or not."""
        return self.out_visible + self.out_reasoning
