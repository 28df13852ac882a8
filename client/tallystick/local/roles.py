"""Whose keys a network's folder holds, besides its validators'.

Nobody's key governs: votes do, and each seat has one. Whoever deployed kept nothing.
"""

from __future__ import annotations

from typing import Final

REGISTRAR: Final = "registrar"
"""Keeps resources, lets organisations join, and keeps those that were made from here."""
GUARDIAN: Final = "guardian"
"""Stops things in an emergency."""
CHAIN_MANAGER: Final = "chain-manager"
"""Lets senders in, where the chain itself asks who sends; does nothing else."""


def name_seat(number: int) -> str:
    """The key of a seat, counted from 1: one for each validator's member."""
    return f"seat-{number}"
