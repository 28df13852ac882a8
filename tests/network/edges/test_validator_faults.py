"""Validators fall silent or lose their disks, and a development chain breaks as only it can."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.network.chaos_faults import (
    ANVIL_ONLY,
    FAULTS,
    Fault,
    fill_validator_disk,
    find_obstacle,
    hold_validator,
    lose_validator_disk,
    play,
)
from tests.network.faults import Drill
from tests.network.parts import Parts

pytestmark = [pytest.mark.network, pytest.mark.timeout(900)]

OF_VALIDATORS = (hold_validator, lose_validator_disk, fill_validator_disk)
OURS = [fault for fault in FAULTS if fault.happen in OF_VALIDATORS or fault.engines == ANVIL_ONLY]


@pytest.mark.parametrize("fault", OURS, ids=lambda fault: fault.name.replace(" ", "-"))
def test_load_settles_once_whatever_breaks(network: Path, fault: Fault) -> None:
    obstacle = find_obstacle(fault, Parts(network).engine)
    if obstacle:
        pytest.skip(f"{fault.name}: {obstacle}")
    with Drill(network, fault.name) as drill:
        play(drill, fault)
