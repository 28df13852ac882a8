"""Erasing a person reaches the table and every meter's details, and can be repeated."""

from pathlib import Path

import pytest
from tests.unit.meter.samples import create_samples

from tallystick.client.person import PersonView, erase_person, list_people
from tallystick.local.folder import NetworkFolder
from tallystick.local.pseudonyms import Pseudonyms
from tallystick.meter.details import Detail, DetailStore
from tallystick.meter.errors import StorageFailed
from tallystick.meter.held import HeldEvents

NOVEMBER_MS = 1_795_305_600_000
SECRET = b'{"user":"alice@acme.example"}'


def keep_details(folder: NetworkFolder, meter: str, user: int, count: int) -> None:
    store = DetailStore(folder.meter(meter) / "details")
    store.put_many(
        [
            Detail(seq=seq, time_ms=NOVEMBER_MS, source="gateway", user=user, raw=SECRET)
            for seq in range(count)
        ]
    )
    store.close()


def read_everything(folder: NetworkFolder) -> bytes:
    return b"".join(path.read_bytes() for path in folder.root.rglob("*") if path.is_file())


def test_erased_person_leaves_no_trace_in_the_folder(tmp_path: Path) -> None:
    folder = NetworkFolder(tmp_path)
    table = Pseudonyms(folder.names_file)
    alice = table.give("acme", "alice@acme.example", NOVEMBER_MS)
    bob = table.give("acme", "bob", NOVEMBER_MS)
    keep_details(folder, "gateway-0", alice, 3)
    keep_details(folder, "gateway-1", bob, 2)
    held = HeldEvents(folder.meter("events") / "held")
    records = create_samples(1)
    records["user"] = alice
    detail = Detail(time_ms=NOVEMBER_MS, source="event", user=alice, raw=SECRET)
    held.hold(b"e" * 32, "slug", records, detail)
    held.close()
    done = erase_person(folder, "alice@acme.example")
    assert (done.changed, done.pseudonyms, done.details, done.meters) == (True, 1, 4, 3)
    assert b"alice" not in read_everything(NetworkFolder(folder.meter("gateway-0")))
    assert b"alice" not in folder.names_file.read_bytes()
    assert list_people(folder) == [PersonView("acme", "bob", ["2026-11"])]
    kept = DetailStore(folder.meter("gateway-1") / "details")
    assert len(list(kept.scan())) == 2
    kept.close()


def test_erasing_goes_on_where_it_broke_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = NetworkFolder(tmp_path)
    alice = Pseudonyms(folder.names_file).give("acme", "alice", NOVEMBER_MS)
    keep_details(folder, "gateway-0", alice, 3)

    def fail(*_: object) -> int:
        raise StorageFailed("the disk is busy")

    with monkeypatch.context() as patched:
        patched.setattr(DetailStore, "erase_users", fail)
        with pytest.raises(StorageFailed):
            erase_person(folder, "alice")
    assert erase_person(folder, "alice").details == 3
    assert not erase_person(folder, "alice").changed


def test_erasing_reaches_one_organisation_only_when_told_so(tmp_path: Path) -> None:
    folder = NetworkFolder(tmp_path)
    table = Pseudonyms(folder.names_file)
    for organisation in ("acme", "globex"):
        table.give(organisation, "alice", NOVEMBER_MS)
    assert erase_person(folder, "alice", "acme").pseudonyms == 1
    assert [one.organisation for one in list_people(folder)] == ["globex"]
    assert list_people(folder, "acme") == []
    assert not erase_person(folder, "nobody").changed
