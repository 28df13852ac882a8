from pathlib import Path

import pytest

from tallystick.local.clock import NetworkClock
from tallystick.sidecar import clock as clock_module
from tallystick.sidecar.clock import SiteClock

NOW_MS = 1_790_000_000_000


class FakeTime:
    """A wall clock that stands where it is put."""

    def __init__(self) -> None:
        self.now_ms = NOW_MS

    def time_ns(self) -> int:
        return self.now_ms * 1_000_000


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> FakeTime:
    wall = FakeTime()
    monkeypatch.setattr(clock_module, "time", wall)
    return wall


def test_clock_is_the_wall_clock_when_the_network_was_not_moved(
    wall: FakeTime, tmp_path: Path
) -> None:
    assert SiteClock(NetworkClock(tmp_path / "clock"))() == NOW_MS


def test_clock_notices_a_jump_within_a_tenth_of_a_second(wall: FakeTime, tmp_path: Path) -> None:
    clock = SiteClock(NetworkClock(tmp_path / "clock"))
    assert clock.now_ms() == NOW_MS
    (tmp_path / "clock").write_text("3600\n")
    wall.now_ms += 99
    assert clock() == NOW_MS + 99
    wall.now_ms += 1
    assert clock() == NOW_MS + 100 + 3_600_000


def test_clock_looks_again_when_the_wall_clock_is_set_back(wall: FakeTime, tmp_path: Path) -> None:
    clock = SiteClock(NetworkClock(tmp_path / "clock"))
    clock()
    (tmp_path / "clock").write_text("60\n")
    wall.now_ms -= 5_000
    assert clock() == NOW_MS - 5_000 + 60_000
