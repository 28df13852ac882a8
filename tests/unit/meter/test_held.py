"""Held events wait for their resource, then are recorded once each."""

from pathlib import Path

import pytest
from tests.unit.meter.opened import NOW_MS, open_sample_meter, recording
from tests.unit.meter.samples import create_samples

from tallystick.core.usage import Records
from tallystick.meter.details import Detail, DetailStore
from tallystick.meter.errors import HeldFull
from tallystick.meter.event_ids import compute_event_id
from tallystick.meter.held import HeldCount, HeldEvents


def create_unbound(user: int) -> Records:
    records = create_samples(1, first_user=user)
    records["resource"] = 0
    return records


def event_id(number: int) -> bytes:
    return compute_event_id("test", str(number))


def find_new(slug: str) -> int | None:
    return 9 if slug == "new" else None


def test_event_is_held_once_and_survives_reopening(tmp_path: Path) -> None:
    held = HeldEvents(tmp_path)
    assert held.hold(event_id(1), "new", create_unbound(1))
    assert not held.hold(event_id(1), "other", create_unbound(2))
    held.close()
    again = HeldEvents(tmp_path)
    assert again.list_waiting() == [HeldCount("new", 1, 1_700_000_000_000)]
    again.close()


def test_hold_refuses_more_than_its_bound(tmp_path: Path) -> None:
    held = HeldEvents(tmp_path, max_events=2)
    for number in range(2):
        held.hold(event_id(number), "new", create_unbound(1))
    with pytest.raises(HeldFull):
        held.hold(event_id(2), "new", create_unbound(1))
    assert not held.hold(event_id(1), "new", create_unbound(1))
    assert len(held) == 2
    held.close()


def test_release_records_what_has_its_resource_now(tmp_path: Path) -> None:
    held, store = HeldEvents(tmp_path / "held"), DetailStore(tmp_path / "details")
    detail = Detail(time_ms=NOW_MS, source="event", model="new", user=12)
    held.hold(event_id(1), "new", create_unbound(11))
    held.hold(event_id(2), "new", create_unbound(12), detail)
    held.hold(event_id(3), "unknown", create_unbound(13))
    with recording(tmp_path / "m", details=store) as (_, recorder):
        recorder.record_event_now(event_id(1), create_samples(1, first_user=99))
        assert held.release(find_new, recorder) == 1
        assert held.release(find_new, recorder) == 0
        assert recorder.next_seq == 2
    assert [one.slug for one in held.list_waiting()] == ["unknown"]
    with open_sample_meter(tmp_path / "m") as meter:
        records = meter.journal.read(0, 2)
    assert records["user"].tolist() == [99, 12]
    assert records["resource"].tolist() == [1, 9]
    found = store.get(1)
    assert found is not None
    assert (found.model, found.call) == ("new", event_id(2))
    held.close()
    store.close()


def test_erased_users_keep_their_use_and_lose_their_details(tmp_path: Path) -> None:
    held = HeldEvents(tmp_path)
    detail = Detail(time_ms=1, source="event", user=12, raw=b"said of her")
    held.hold(event_id(2), "new", create_unbound(12), detail)
    assert held.erase_users([12]) == 1
    assert held.erase_users([12]) == 0
    assert len(held) == 1
    assert b"said of her" not in b"".join(path.read_bytes() for path in tmp_path.iterdir())
    held.close()
