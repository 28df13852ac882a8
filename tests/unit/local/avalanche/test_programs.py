"""Where the programs of a chain of several nodes are looked for."""

from pathlib import Path

import pytest

from tallystick.local.avalanche.programs import (
    AVALANCHE_VARIABLE,
    MACHINE_ID,
    find_avalanche,
)
from tallystick.local.errors import ProgramMissing

NAMES = ("create", "avalanchego", f"plugins/{MACHINE_ID}")


def build(folder: Path) -> None:
    (folder / "plugins").mkdir()
    for name in NAMES:
        (folder / name).touch(mode=0o755)


def test_programs_are_those_of_the_named_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(tmp_path)
    monkeypatch.setenv(AVALANCHE_VARIABLE, str(tmp_path))
    found = find_avalanche()
    assert (found.create, found.node) == (tmp_path / "create", tmp_path / "avalanchego")
    assert found.plugins == tmp_path / "plugins"


@pytest.mark.parametrize("name", NAMES)
def test_programs_are_missing_when_one_cannot_be_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    build(tmp_path)
    (tmp_path / name).chmod(0o644)
    monkeypatch.setenv(AVALANCHE_VARIABLE, str(tmp_path))
    with pytest.raises(ProgramMissing, match=r"(?s)not built") as refused:
        find_avalanche()
    assert "make network" in str(refused.value.expected)
    assert name in str(refused.value.actual)
