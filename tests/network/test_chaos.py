"""Everything at once, for a short while; `make chaos` does it for as long as one likes."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.network.chaos import play_chaos

pytestmark = [pytest.mark.network, pytest.mark.timeout(900)]

CHAOS_S = 60.0


def test_load_settles_once_in_chaos(network: Path) -> None:
    play_chaos(network, CHAOS_S)
