"""A directory as tests need it: two organisations, a model, its variant, a GPU."""

from __future__ import annotations

from typing import Final

from tests.unit.core.builders import BASE_FACTS, GPT_4O, NOW_MS, WIDE

from tallystick.core.facts import Fact, Resource, ResourceRates
from tallystick.core.tariff import Rates
from tallystick.sidecar.directory import NetworkDirectory

FLEX: Final = 2
GPU: Final = 3
CLAUDE: Final = 4


def build_directory(*more: Fact, now_ms: int = NOW_MS) -> NetworkDirectory:
    """What is known after the base facts, a few resources, and `more`."""
    directory = NetworkDirectory(lambda: now_ms)
    directory.learn(BASE_FACTS)
    directory.learn(
        [
            Resource(FLEX, "gpt-4o-flex", 2, 1, "", WIDE, active=True, from_ms=0),
            ResourceRates(1, FLEX, GPT_4O, 0),
            Resource(GPU, "h100", 3, 2, "h100", WIDE, active=True, from_ms=0),
            ResourceRates(1, GPU, Rates(compute_ncr=6_000), 0),
            Resource(CLAUDE, "claude-3.5-sonnet", 1, 1, "", WIDE, active=True, from_ms=0),
        ]
    )
    directory.learn(more)
    return directory
