"""Texts behind salted hashes: kept in the folder, found by their hash, never twice."""

import stat
from pathlib import Path

from tallystick.client.commitments import Commitments
from tallystick.local.folder import NetworkFolder


def test_text_is_found_by_its_hash_and_has_one_only(tmp_path: Path) -> None:
    folder = NetworkFolder(tmp_path)
    first = Commitments(folder).commit("appeal 1", "a migration")
    assert Commitments(folder).commit("appeal 1", "a migration") == first
    assert Commitments(folder).find(first) == "a migration"
    assert Commitments(folder).find(bytes(32)) is None


def test_same_text_has_another_hash_when_it_is_about_something_else(tmp_path: Path) -> None:
    commitments = Commitments(NetworkFolder(tmp_path))
    assert commitments.commit("appeal 1", "no") != commitments.commit("appeal 2", "no")


def test_texts_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    folder = NetworkFolder(tmp_path)
    Commitments(folder).commit("invoice", "2026-1")
    assert stat.S_IMODE(folder.commitments_file.stat().st_mode) == 0o600
    assert folder.commitments_file in folder.parts()
