"""Validators fall silent or lose their disks, and a development chain breaks as only it can."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.network.chaos_faults import (
    ANVIL_ONLY,
    FAULTS,
    Fault,
    fill_validator_disk,
    hold_validator,
    lose_validator_disk,
    try_alone,
)

pytestmark = [pytest.mark.network, pytest.mark.timeout(900)]

OF_VALIDATORS = (hold_validator, lose_validator_disk, fill_validator_disk)
OURS = [fault for fault in FAULTS if fault.happen in OF_VALIDATORS or fault.engines == ANVIL_ONLY]


@pytest.mark.parametrize("fault", OURS, ids=lambda fault: fault.name.replace(" ", "-"))
def test_load_settles_once_whatever_breaks(network: Path, fault: Fault) -> None:
    try_alone(network, fault)
