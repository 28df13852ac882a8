"""Details as they are shown: joined with names, exact, and of known meters only."""

from pathlib import Path

import pytest

from tallystick.client.details import format_kwh, read_details
from tallystick.client.errors import MeterUnknown
from tallystick.core.usage import Flag
from tallystick.local.folder import NetworkFolder
from tallystick.local.pseudonyms import Pseudonyms
from tallystick.meter.details import Detail, DetailStore

NOVEMBER_MS = 1_795_305_600_000


@pytest.fixture
def folder(tmp_path: Path) -> NetworkFolder:
    folder = NetworkFolder(tmp_path)
    user = Pseudonyms(folder.names_file).give("acme", "alice", NOVEMBER_MS)
    store = DetailStore(folder.meter("gateway-0") / "details")
    store.put_many(
        [
            Detail(
                seq=seq,
                time_ms=NOVEMBER_MS + seq,
                source="collector",
                user=user if seq else 0,
                raw=b'{"x": 1.50}',
                flags=int(Flag.ESTIMATED | Flag.USAGE_MISMATCH),
                energy_mj=5_400 if seq else None,
            )
            for seq in range(5)
        ]
    )
    store.close()
    folder.meter("empty").mkdir()
    return folder


def test_details_are_joined_with_names_and_units(folder: NetworkFolder) -> None:
    (found,) = read_details(folder, "acme/gateway-0", seq=1)
    assert (found.user_name, found.energy_kwh, found.raw) == ("alice", "0.000002", '{"x": 1.50}')
    assert found.flags == ["estimated", "usage_mismatch"]
    (nobody,) = read_details(folder, "gateway-0", seq=0)
    assert (nobody.user_name, nobody.energy_kwh) == (None, None)


def test_details_are_found_by_time(folder: NetworkFolder) -> None:
    found = read_details(folder, "gateway-0", since_ms=NOVEMBER_MS + 1, limit=2)
    assert [one.seq for one in found] == [1, 2]
    assert read_details(folder, "empty") == []
    assert read_details(folder, "gateway-0", seq=99) == []


@pytest.mark.parametrize("name", ["gateway-9", "..", "../gateway-0/..", ""])
def test_details_of_unknown_meters_are_refused(folder: NetworkFolder, name: str) -> None:
    with pytest.raises(MeterUnknown):
        read_details(folder, name)


def test_energy_is_exact() -> None:
    assert [format_kwh(energy_mj) for energy_mj in (0, 1_800, 3_600_000_000, 2**60)] == [
        "0.000000",
        "0.000001",
        "1.000000",
        "320255973.501902",
    ]
