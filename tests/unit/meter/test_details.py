"""Details: found by number and time, bounded, and gone without a trace when erased."""

from pathlib import Path

import msgspec
import pytest

from tallystick.meter import table_file
from tallystick.meter.details import Detail, DetailStore
from tallystick.meter.errors import TableBusy

FULL = Detail(
    seq=4,
    call=b"c" * 16,
    time_ms=1000,
    user=2**64 - 1,
    source="gateway",
    flags=33,
    model="gpt",
    tier="flex",
    raw=b'{"prompt_tokens":1}',
    status=200,
    duration_ms=12,
    first_byte_ms=0,
    energy_mj=7,
    is_unleased=True,
    note="n",
)


def create_detail(seq: int, *, user: int = 0, raw: bytes = b"") -> Detail:
    return Detail(seq=seq, time_ms=1000 + seq, source="event", user=user, raw=raw)


def test_details_come_back_whole(tmp_path: Path) -> None:
    store = DetailStore(tmp_path)
    store.put_many([FULL, create_detail(5)])
    store.close()
    again = DetailStore(tmp_path)
    assert (again.get(4), again.get(5), again.get(6)) == (FULL, create_detail(5), None)
    again.close()


@pytest.mark.parametrize("count", [1, 3, 127, 128, 129, 300])
def test_any_number_of_details_is_kept_and_replaced(count: int, tmp_path: Path) -> None:
    store = DetailStore(tmp_path)
    for user in (1, 2):
        store.put_many([create_detail(seq, user=user) for seq in range(count)])
    assert list(store.scan()) == [create_detail(seq, user=2) for seq in range(count)]
    store.close()


def test_none_of_the_details_is_kept_when_one_cannot_be(tmp_path: Path) -> None:
    store = DetailStore(tmp_path)
    details = [create_detail(seq) for seq in range(200)]
    with pytest.raises(OverflowError):
        store.put_many([*details, Detail(seq=200, time_ms=2**63, source="event")])
    assert list(store.scan()) == []
    store.put_many(details)
    assert list(store.scan()) == details
    store.close()


def test_scan_takes_an_interval_and_a_limit(tmp_path: Path) -> None:
    store = DetailStore(tmp_path)
    store.put_many([create_detail(seq) for seq in range(10)])
    assert [one.seq for one in store.scan(since_ms=1003, until_ms=1006)] == [3, 4, 5]
    assert [one.seq for one in store.scan(limit=2)] == [0, 1]
    store.close()


def test_erased_details_leave_no_trace_while_another_has_them_open(tmp_path: Path) -> None:
    secret = b"whatever was said about her"
    other, store = DetailStore(tmp_path), DetailStore(tmp_path)
    other.put_many([create_detail(seq, user=2**63 + seq % 3, raw=secret) for seq in range(30)])
    other.put_many([create_detail(40, user=0, raw=b"nobody's")])
    assert secret in b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert store.erase_users([2**63, 2**63 + 1, 2**63 + 2, 0]) == 30
    assert secret not in b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert [one.seq for one in other.scan()] == [40]
    assert store.erase_users([2**63]) == 0
    other.close()
    store.close()


def test_details_that_come_after_erasing_are_not_kept(tmp_path: Path) -> None:
    other, store = DetailStore(tmp_path), DetailStore(tmp_path)
    store.erase_users([7, 2**64 - 1])
    other.put_many([create_detail(seq, user=user) for seq, user in enumerate((7, 8, 2**64 - 1, 0))])
    assert [one.user for one in other.scan()] == [8, 0]
    other.close()
    store.close()


def test_erasing_says_when_another_reads_all_the_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_file, "BUSY_TIMEOUT_S", 0.05)
    other, store = DetailStore(tmp_path), DetailStore(tmp_path)
    store.put_many([create_detail(seq, user=7) for seq in range(3)])
    reading = other._file._connection
    reading.execute("BEGIN")
    reading.execute("SELECT * FROM details").fetchone()
    with pytest.raises(TableBusy):
        store.erase_users([7])
    reading.execute("ROLLBACK")
    assert store.erase_users([7]) == 0
    other.close()
    store.close()


def test_old_details_are_swept(tmp_path: Path) -> None:
    store = DetailStore(tmp_path)
    store.put_many([create_detail(seq) for seq in range(10)])
    assert store.sweep(1004) == 4
    assert [one.seq for one in store.scan()] == list(range(4, 10))
    store.close()


def test_oldest_details_go_when_the_store_is_full(tmp_path: Path) -> None:
    store = DetailStore(tmp_path, max_bytes=200_000)
    for start in range(0, 1000, 50):
        store.put_many([create_detail(seq, raw=bytes(1000)) for seq in range(start, start + 50)])
    kept = [one.seq for one in store.scan()]
    assert kept[-1] == 999
    assert 50 < len(kept) < 250
    assert kept == list(range(kept[0], 1000))
    store.close()


def test_store_is_its_owners_alone(tmp_path: Path) -> None:
    store = DetailStore(tmp_path / "details")
    store.put_many([create_detail(1)])
    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "details").iterdir()}
    assert modes == {0o600}
    store.close()


def test_detail_refuses_sources_that_nobody_knows() -> None:
    data = msgspec.msgpack.encode({"seq": 1, "time_ms": 1, "source": "rumour"})
    with pytest.raises(msgspec.ValidationError):
        msgspec.msgpack.decode(data, type=Detail)
