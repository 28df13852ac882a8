"""Pseudonyms: stable inside a month, unlinked across months and organisations."""

import stat
from pathlib import Path

from tallystick.local.pseudonyms import Pseudonyms, compute_pseudonym

NOVEMBER_MS = 1_795_305_600_000
DECEMBER_MS = NOVEMBER_MS + 30 * 86_400_000


def test_pseudonym_is_the_same_inside_a_month(tmp_path: Path) -> None:
    table = Pseudonyms(tmp_path / "names.json")
    first = table.give("acme", "alice", NOVEMBER_MS)
    table.save()
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


def test_pseudonyms_differ_between_folders(tmp_path: Path) -> None:
    one, other = Pseudonyms(tmp_path / "a.json"), Pseudonyms(tmp_path / "b.json")
    assert one.give("acme", "alice", NOVEMBER_MS) != other.give("acme", "alice", NOVEMBER_MS)


def test_table_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    table = Pseudonyms(tmp_path / "names.json")
    table.give("acme", "alice", NOVEMBER_MS)
    table.save()
    assert stat.S_IMODE((tmp_path / "names.json").stat().st_mode) == 0o600


def test_one_key_gives_unlinked_pseudonyms() -> None:
    key = bytes(range(32))
    given = {
        compute_pseudonym(key, "acme", "2026-11"),
        compute_pseudonym(key, "acme", "2026-12"),
        compute_pseudonym(key, "globex", "2026-11"),
    }
    assert len(given) == 3
