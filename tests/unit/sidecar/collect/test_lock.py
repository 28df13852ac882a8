"""Nothing is metered twice from one folder."""

from pathlib import Path

import pytest

from tallystick.local.errors import NotRunning
from tallystick.local.folder import NetworkFolder
from tallystick.meter.gpu.errors import CollectorBusy
from tallystick.sidecar.collect.lock import hold_devices, hold_page


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    NetworkFolder(tmp_path).create()
    monkeypatch.setattr(NetworkFolder, "read_network", lambda _: object())
    return tmp_path


def test_devices_are_a_collectors_alone(folder: Path) -> None:
    with hold_devices(folder, is_alone=True):
        for is_alone in (True, False):
            with pytest.raises(CollectorBusy), hold_devices(folder, is_alone=is_alone):
                pass


def test_devices_are_shared_by_jobs(folder: Path) -> None:
    with (
        hold_devices(folder, is_alone=False),
        hold_devices(folder, is_alone=False),
        pytest.raises(CollectorBusy),
        hold_devices(folder, is_alone=True),
    ):
        pass
    with hold_devices(folder, is_alone=True):
        pass


def test_page_is_read_by_one_collector(folder: Path) -> None:
    with (
        hold_page(folder, "http://a/metrics"),
        hold_page(folder, "http://b/metrics"),
        pytest.raises(CollectorBusy),
        hold_page(folder, "http://a/metrics"),
    ):
        pass


def test_nothing_is_held_where_there_is_no_network(tmp_path: Path) -> None:
    with pytest.raises(NotRunning), hold_devices(tmp_path, is_alone=True):
        pass
    assert list(tmp_path.iterdir()) == []
