"""What the processes of a local network are called, besides its validators."""

from __future__ import annotations

from typing import Final

ANVIL: Final = "anvil"
"""The chain."""
RECORDER: Final = "recorder"
"""Keeps the chain's log."""
