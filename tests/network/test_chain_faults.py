"""Everything that can break below a meter breaks under load: nothing is lost, nothing doubled."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.network.chaos_faults import (
    ANVIL_ONLY,
    FAULTS,
    Fault,
    fill_validator_disk,
    hold_validator,
    kill_chain_node,
    kill_validator,
    lose_validator_disk,
    try_alone,
)
from tests.network.faults import Drill
from tests.network.figures import add_figures
from tests.network.parts import Parts

pytestmark = [pytest.mark.network, pytest.mark.timeout(900)]

WITH_TESTS_OF_THEIR_OWN = (kill_validator, kill_chain_node)
AWAY_FROM_THE_CHAIN = (hold_validator, lose_validator_disk, fill_validator_disk)
"""See tests/network/edges, and there what only a development chain can do."""
NODES_IN_TURN = 3
OTHERS = [
    fault
    for fault in FAULTS
    if fault.happen not in WITH_TESTS_OF_THEIR_OWN + AWAY_FROM_THE_CHAIN
    and fault.engines != ANVIL_ONLY
]


@pytest.mark.parametrize("fault", OTHERS, ids=lambda fault: fault.name.replace(" ", "-"))
def test_load_settles_once_whatever_breaks(network: Path, fault: Fault) -> None:
    try_alone(network, fault)


def test_meters_fail_over_when_their_validator_is_killed(network: Path) -> None:
    with Drill(network, "validator killed") as drill:
        with kill_validator(drill):
            (victim,) = drill.parts.missing()
            failover_s = drill.wait_left(victim)
            recovery_s = drill.recovered()
        drill.heal()
        drill.recovered()
    add_figures(failover_s=round(failover_s, 2), recovery_s=round(recovery_s, 2))


def test_blocks_go_on_when_chain_nodes_are_killed_in_turn(network: Path) -> None:
    parts = Parts(network)
    if parts.engine == "anvil":
        pytest.skip("the chain is one node")
    with Drill(network, "chain nodes killed in turn") as drill:
        for node in drill.chance.sample(parts.chain_nodes(), NODES_IN_TURN):
            drill.inject()
            parts.kill(node)
            drill.recovered()
            parts.revive()
            drill.heal()
            drill.recovered()
