"""The node's clock, handed to whoever needs the time, so that tests hand out another."""

from __future__ import annotations

import time
from collections.abc import Callable

Clock = Callable[[], int]
"""Unix ms."""


def create_clock(offset_ms: int = 0) -> Clock:
    """The wall clock plus the network's offset."""

    def read_ms() -> int:
        return time.time_ns() // 1_000_000 + offset_ms

    return read_ms
