"""The clock of a network: its offset lies in a file that others change."""

from pathlib import Path

import pytest

from tallystick.local.clock import NetworkClock, forward
from tallystick.local.errors import ClockMalformed, ClockNotMoved, NotRunning
from tallystick.local.files import write_atomically
from tallystick.local.folder import NetworkFolder


@pytest.mark.parametrize("seconds", [0, -1])
def test_forward_is_refused_when_it_leads_nowhere(tmp_path: Path, seconds: int) -> None:
    with pytest.raises(ClockNotMoved):
        forward(NetworkFolder(tmp_path), seconds)


def test_forward_is_refused_when_nothing_runs(tmp_path: Path) -> None:
    with pytest.raises(NotRunning):
        forward(NetworkFolder(tmp_path), 1)


def test_offset_is_none_when_there_is_no_file(tmp_path: Path) -> None:
    assert NetworkClock(None).offset_s == 0
    assert NetworkClock(tmp_path / "clock").offset_s == 0


def test_offset_follows_the_file(tmp_path: Path) -> None:
    path = tmp_path / "clock"
    clock = NetworkClock(path)
    found = [clock.offset_s]
    for seconds in (691_200, 691_201):
        write_atomically(path, f"{seconds}\n".encode())
        found.append(clock.offset_s)
    assert found == [0, 691_200, 691_201]


def test_offset_is_refused_when_the_file_holds_no_number(tmp_path: Path) -> None:
    path = tmp_path / "clock"
    path.write_text("tomorrow")
    with pytest.raises(ClockMalformed):
        _ = NetworkClock(path).offset_s
