"""What the processes of a local network are called, besides its validators."""

from __future__ import annotations

from typing import Final

ANVIL: Final = "anvil"
"""The chain."""
RECORDER: Final = "recorder"
"""Keeps the chain's log."""


def name_chain_nodes(count: int) -> list[str]:
    """The names of a chain's nodes, where it has several on this machine."""
    return [f"chain-{number}" for number in range(1, count + 1)]
