"""Pseudonyms: stable inside a month, unlinked across months and organisations, erasable."""

import stat
import threading
from pathlib import Path

import pytest

from tallystick.local import pseudonyms
from tallystick.local.errors import PeopleFull
from tallystick.local.pseudonyms import Pseudonyms, compute_pseudonym

NOVEMBER_MS = 1_795_305_600_000
DECEMBER_MS = NOVEMBER_MS + 30 * 86_400_000


def test_pseudonym_is_the_same_inside_a_month(tmp_path: Path) -> None:
    first = Pseudonyms(tmp_path / "names.json").give("acme", "alice", NOVEMBER_MS)
    assert first != 0
    again = Pseudonyms(tmp_path / "names.json")
    assert again.give("acme", "alice", NOVEMBER_MS + 1) == first
    assert again.name_by_pseudonym() == {f"0x{first:016x}": "alice"}


def test_pseudonym_changes_with_month_organisation_and_person(tmp_path: Path) -> None:
    table = Pseudonyms(tmp_path / "names.json")
    given = {
        table.give("acme", "alice", NOVEMBER_MS),
        table.give("acme", "alice", DECEMBER_MS),
        table.give("globex", "alice", NOVEMBER_MS),
        table.give("acme", "bob", NOVEMBER_MS),
    }
    assert len(given) == 4
    assert len(table.find("alice")) == 3
    assert table.people() == {
        "acme": {"alice": ["2026-11", "2026-12"], "bob": ["2026-11"]},
        "globex": {"alice": ["2026-11"]},
    }


def test_pseudonyms_differ_between_folders(tmp_path: Path) -> None:
    one, other = Pseudonyms(tmp_path / "a.json"), Pseudonyms(tmp_path / "b.json")
    assert one.give("acme", "alice", NOVEMBER_MS) != other.give("acme", "alice", NOVEMBER_MS)


def test_tables_of_several_processes_agree(tmp_path: Path) -> None:
    tables = [Pseudonyms(tmp_path / "names.json") for _ in range(4)]
    given: list[list[int]] = [[] for _ in tables]

    def give(place: int) -> None:
        for number in range(20):
            given[place].append(tables[place].give("acme", f"person {number}", NOVEMBER_MS))

    threads = [threading.Thread(target=give, args=(place,)) for place in range(len(tables))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert given[0] == given[1] == given[2] == given[3]
    assert len(set(given[0])) == 20


def test_new_pseudonyms_are_not_kept_when_only_shown(tmp_path: Path) -> None:
    table = Pseudonyms(tmp_path / "names.json")
    kept = table.give("acme", "bob", NOVEMBER_MS)
    shown = table.give_many("acme", [("alice", NOVEMBER_MS), ("bob", NOVEMBER_MS)], is_kept=False)
    assert shown[1] == kept
    assert table.people() == {"acme": {"bob": ["2026-11"]}}


def test_names_beyond_the_bound_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pseudonyms, "MAX_PEOPLE", 2)
    table = Pseudonyms(tmp_path / "names.json")
    with pytest.raises(PeopleFull):
        table.give_many("acme", [(name, NOVEMBER_MS) for name in "abc"])
    assert table.people() == {}
    table.give_many("acme", [(name, NOVEMBER_MS) for name in "ab"])
    table.give("globex", "c", NOVEMBER_MS)
    with pytest.raises(PeopleFull):
        table.give("acme", "c", NOVEMBER_MS)


def test_forgotten_person_is_gone_for_every_process(tmp_path: Path) -> None:
    table, other = (Pseudonyms(tmp_path / "names.json") for _ in range(2))
    before = [table.give("acme", "alice", time_ms) for time_ms in (NOVEMBER_MS, DECEMBER_MS)]
    elsewhere = other.give("globex", "alice", NOVEMBER_MS)
    assert table.forget("acme", "alice") == before
    assert "alice" in other.people()["globex"]
    assert other.find("alice") == [elsewhere]
    assert other.give("acme", "alice", NOVEMBER_MS) not in before
    assert {*before, elsewhere} <= set(table.forget(None, "alice"))
    assert b"alice" not in (tmp_path / "names.json").read_bytes()


def test_forgotten_pseudonyms_are_named_until_they_are_erased(tmp_path: Path) -> None:
    table = Pseudonyms(tmp_path / "names.json")
    given = table.give("acme", "alice", NOVEMBER_MS)
    assert table.forget("acme", "alice") == [given]
    assert Pseudonyms(tmp_path / "names.json").forget("acme", "alice") == [given]
    table.confirm_erased([given])
    assert table.forget("acme", "alice") == []


def test_table_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    Pseudonyms(tmp_path / "names.json").give("acme", "alice", NOVEMBER_MS)
    assert stat.S_IMODE((tmp_path / "names.json").stat().st_mode) == 0o600


def test_one_key_gives_unlinked_pseudonyms() -> None:
    key = bytes(range(32))
    given = {
        compute_pseudonym(key, "acme", "2026-11"),
        compute_pseudonym(key, "acme", "2026-12"),
        compute_pseudonym(key, "globex", "2026-11"),
    }
    assert len(given) == 3
