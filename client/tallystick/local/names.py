"""What the processes of a local network are called, besides its validators."""

from __future__ import annotations

from typing import Final

ANVIL: Final = "anvil"
"""The chain, and its engine."""
AVALANCHE: Final = "avalanche"
"""The engine of a chain of several nodes."""
RECORDER: Final = "recorder"
"""Keeps the chain's log."""
_CHAIN_NODE: Final = "chain-"


def name_chain_nodes(count: int) -> list[str]:
    """The names of a chain's nodes, where it has several on this machine."""
    return [f"{_CHAIN_NODE}{number}" for number in range(1, count + 1)]


def is_chain_process(name: str) -> bool:
    """Whether a process of this name makes blocks."""
    return name == ANVIL or name.startswith(_CHAIN_NODE)
