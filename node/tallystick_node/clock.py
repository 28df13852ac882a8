"""The node's clock, handed to whoever needs the time, so that tests hand out another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tallystick.local.clock import NetworkClock

Clock = Callable[[], int]
"""Unix ms."""


def create_clock(offset_file: Path | None = None) -> Clock:
    """The wall clock, plus what a network on one machine was moved ahead, re-read as it changes."""
    return NetworkClock(offset_file)
