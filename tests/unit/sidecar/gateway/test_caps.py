from pathlib import Path

from tests.unit.core.builders import NOW_MS

from tallystick.sidecar.gateway.caps import CapBook
from tallystick.sidecar.gateway.key_file import KeyEntry

HOUR_MS = 3_600_000
CAPPED = KeyEntry(name="batch", hash="ab" * 32, project="acme/x", cap_ucr=900, cap_per="hour")


def test_key_has_no_cap_when_it_names_none(tmp_path: Path) -> None:
    book = CapBook(tmp_path / "caps.json", 1, lambda: NOW_MS)
    assert book.make(KeyEntry(name="free", project="acme/x")) == ()


def test_cap_is_shared_among_workers(tmp_path: Path) -> None:
    (purse,) = CapBook(tmp_path / "caps.json", 4, lambda: NOW_MS).make(CAPPED)
    assert purse.left_ucr == 225


def test_cap_keeps_what_was_used_when_a_worker_restarts(tmp_path: Path) -> None:
    book = CapBook(tmp_path / "caps.json", 1, lambda: NOW_MS)
    (purse,) = book.make(CAPPED)
    purse.used_ucr, purse.left_ucr = 300, 600
    book.save()
    (again,) = CapBook(tmp_path / "caps.json", 1, lambda: NOW_MS).make(CAPPED)
    assert (again.used_ucr, again.left_ucr) == (300, 600)


def test_cap_is_whole_again_when_a_worker_restarts_in_another_period(tmp_path: Path) -> None:
    book = CapBook(tmp_path / "caps.json", 1, lambda: NOW_MS)
    (purse,) = book.make(CAPPED)
    purse.used_ucr, purse.left_ucr = 300, 600
    book.save()
    (again,) = CapBook(tmp_path / "caps.json", 1, lambda: NOW_MS + HOUR_MS).make(CAPPED)
    assert again.left_ucr == 900


def test_cap_starts_anew_when_the_counts_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "caps.json").write_text("[]")
    (purse,) = CapBook(tmp_path / "caps.json", 1, lambda: NOW_MS).make(CAPPED)
    assert purse.left_ucr == 900
