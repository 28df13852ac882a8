"""Everything that can break below a meter breaks under load: nothing is lost, nothing doubled."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.network.chaos_faults import FAULTS, Fault, play
from tests.network.faults import Drill
from tests.network.parts import Parts

pytestmark = [pytest.mark.network, pytest.mark.timeout(900)]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name.replace(" ", "-"))
def test_load_settles_once_whatever_breaks(network: Path, fault: Fault) -> None:
    if Parts(network).engine not in fault.engines:
        pytest.skip(f"{fault.name}: not on this chain")
    with Drill(network, fault.name) as drill:
        play(drill, fault)
