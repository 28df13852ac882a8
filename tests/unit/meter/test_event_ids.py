"""Identities of events: told apart by both parts, kept for a while, the first write wins."""

from pathlib import Path

import pytest

from tallystick.meter.errors import FolderLocked
from tallystick.meter.event_ids import EventIds, Seen, compute_event_id


def name(number: int) -> bytes:
    return compute_event_id("s", str(number))


def test_identity_tells_source_from_id() -> None:
    found = {
        compute_event_id(*pair) for pair in (("a", "bc"), ("ab", "c"), ("", "abc"), ("abc", ""))
    }
    assert len(found) == 4
    assert all(len(identity) == 32 for identity in found)
    assert compute_event_id("ü", "é") == compute_event_id("ü", "é")


def test_first_write_wins_and_survives_reopening(tmp_path: Path) -> None:
    ids = EventIds(tmp_path)
    assert ids.find(name(1)) is None
    ids.save([(name(1), 5), (name(2), None)], now_ms=0)
    ids.save([(name(1), 9), (name(2), 9)], now_ms=0)
    with pytest.raises(FolderLocked):
        EventIds(tmp_path)
    ids.close()
    again = EventIds(tmp_path)
    assert (again.find(name(1)), again.find(name(2))) == (Seen(5), Seen(None))
    assert len(again) == 2
    again.close()


def test_oldest_are_forgotten_beyond_the_count(tmp_path: Path) -> None:
    ids = EventIds(tmp_path, max_events=3)
    for number in range(5):
        ids.save([(name(number), number)], now_ms=number)
    assert [ids.find(name(number)) is None for number in range(5)] == [
        True,
        True,
        False,
        False,
        False,
    ]
    assert len(ids) == 3
    ids.close()


def test_old_ones_are_forgotten_beyond_the_age(tmp_path: Path) -> None:
    ids = EventIds(tmp_path, max_age_ms=100)
    ids.save([(name(1), 1)], now_ms=1000)
    ids.save([(name(2), 2)], now_ms=1100)
    assert ids.find(name(1)) is not None
    ids.save([(name(3), 3)], now_ms=1101)
    assert ids.find(name(1)) is None
    assert len(ids) == 2
    ids.close()
