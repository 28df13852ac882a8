"""How deep the JSON of others may be nested, whatever the process imports."""

from __future__ import annotations

import sys
from typing import Final

MAX_RECURSION: Final = 5_000
"""Decoding nests on the C stack: 30,000 levels overflow the 8 MiB of a thread and end the process.

Python's limit stops that at 1,000 levels by default, but libraries of the chain raise it to 100,000
when they are imported (measured with msgspec 0.20 and Python 3.11 on Linux).
"""


def bound_nesting() -> None:
    """Decoding JSON that is nested too deep raises RecursionError in this process."""
    if sys.getrecursionlimit() > MAX_RECURSION:
        sys.setrecursionlimit(MAX_RECURSION)
