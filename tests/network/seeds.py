"""Seeds: drawn anew for each run, printed by whoever uses one, replayed by TALLYSTICK_SEED."""

from __future__ import annotations

import os
import random


def draw_seed() -> int:
    """The seed of TALLYSTICK_SEED, or one that nobody has used before."""
    named = os.environ.get("TALLYSTICK_SEED")
    return int(named) if named else random.SystemRandom().randrange(2**32)
