"""What is charged by tokens is never charged by GPU time too."""

import pytest

from tallystick.meter.gpu.basis import check_basis
from tallystick.meter.gpu.errors import BasisConflict


@pytest.mark.parametrize("claimed", [None, "tokens"])
def test_basis_is_fine_when_everybody_agrees(claimed: str | None) -> None:
    check_basis("gpt-4o", "tokens", "tokens", claimed)


@pytest.mark.parametrize(
    ("registered", "measured", "claimed"),
    [("tokens", "gpu", None), ("gpu", "tokens", None), ("tokens", "tokens", "gpu")],
)
def test_basis_is_refused_when_anybody_disagrees(
    registered: str, measured: str, claimed: str | None
) -> None:
    with pytest.raises(BasisConflict):
        check_basis("slug", registered, measured, claimed)  # type: ignore[arg-type]
