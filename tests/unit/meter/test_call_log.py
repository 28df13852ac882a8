"""The log of calls: what is torn is dropped, what was durable and is damaged is refused."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.unit.meter.samples import create_samples

from tallystick.core.usage import RECORD_BYTES, Records
from tallystick.meter import call_files
from tallystick.meter.call_entries import Kind, Start, pack_entry, pack_start, scan_entries
from tallystick.meter.call_history import NumberedEvent, read_history
from tallystick.meter.call_log import CallLog
from tallystick.meter.errors import CallLogFull, CallLogLost

FILE_BYTES = 2048
ONE = create_samples(1).tobytes()


def open_log(
    folder: Path, *, sync: Callable[[int], None] = os.fdatasync, bound: int = 1 << 20
) -> CallLog:
    def read_nothing(first_seq: int, count: int) -> Records:
        return create_samples(0)

    def save_nothing(events: list[NumberedEvent]) -> None:
        pass

    return CallLog(
        folder,
        range(0),
        read_nothing,
        save_nothing,
        max_bytes=1 << 20,
        file_bytes=FILE_BYTES,
        sync=sync,
    )


def call_id(number: int) -> bytes:
    return number.to_bytes(16, "big")


def write_log(folder: Path, *entries: bytes, ordinal: int = 0) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{ordinal:08d}.calls"
    path.write_bytes(b"".join(entries) + bytes(500))
    return path


def test_entries_are_read_as_they_were_packed() -> None:
    data = pack_entry(Kind.CLOSE, call_id(1), ONE, 7) + pack_entry(Kind.END, b"", b"", 9)
    first, second = scan_entries(data + bytes(100))
    assert (first.kind, first.key, first.payload, first.synced) == (Kind.CLOSE, call_id(1), ONE, 7)
    assert (second.kind, second.key, second.payload, second.start) == (
        Kind.END,
        b"",
        b"",
        first.end,
    )


@pytest.mark.parametrize("place", range(20 + 16 + RECORD_BYTES))
def test_entry_with_any_byte_changed_is_not_read(place: int) -> None:
    data = bytearray(pack_entry(Kind.CLOSE, call_id(1), ONE, 7))
    data[place] ^= 1
    assert list(scan_entries(bytes(data))) == []


def test_torn_tail_is_dropped(tmp_path: Path) -> None:
    whole = pack_entry(Kind.CLOSE, call_id(1), ONE, 0)
    torn = pack_entry(Kind.CLOSE, call_id(2), ONE, 0)[:40]
    write_log(tmp_path / "calls", pack_start(Start(0, {})), whole, torn)
    history = read_history(tmp_path / "calls")
    assert history is not None
    assert history.recorded == ONE


def test_damage_is_refused_when_a_later_entry_says_it_was_durable(tmp_path: Path) -> None:
    start = pack_start(Start(0, {}))
    broken = bytearray(pack_entry(Kind.CLOSE, call_id(1), ONE, 0))
    broken[30] ^= 1
    later = [
        pack_entry(Kind.CLOSE, call_id(2), ONE, synced)
        for synced in (len(start), len(start) + len(broken))
    ]
    write_log(tmp_path / "a", start, bytes(broken), later[0])
    assert read_history(tmp_path / "a") is not None
    write_log(tmp_path / "b", start, bytes(broken), later[1])
    with pytest.raises(CallLogLost):
        read_history(tmp_path / "b")


def test_damage_is_refused_when_another_file_follows(tmp_path: Path) -> None:
    torn = pack_entry(Kind.CLOSE, call_id(2), ONE, 0)[:40]
    write_log(tmp_path, pack_start(Start(0, {})), torn)
    write_log(tmp_path, pack_start(Start(0, {})), ordinal=1)
    with pytest.raises(CallLogLost):
        read_history(tmp_path)


def test_missing_file_is_refused(tmp_path: Path) -> None:
    for ordinal in (3, 5):
        write_log(tmp_path, pack_start(Start(0, {})), ordinal=ordinal)
    with pytest.raises(CallLogLost, match="missing"):
        read_history(tmp_path)


def test_missing_records_are_refused(tmp_path: Path) -> None:
    write_log(tmp_path, pack_start(Start(4, {})))
    write_log(tmp_path, pack_start(Start(5, {})), ordinal=1)
    with pytest.raises(CallLogLost, match="lacks records"):
        read_history(tmp_path)


def test_torn_start_of_the_last_file_is_dropped(tmp_path: Path) -> None:
    opened = pack_entry(Kind.OPEN, call_id(1), ONE, 0)
    write_log(tmp_path, pack_start(Start(0, {})), opened)
    write_log(tmp_path, pack_start(Start(0, {call_id(1): ONE}))[:40], ordinal=1)
    history = read_history(tmp_path)
    assert history is not None
    assert history.open_by_id == {call_id(1): ONE}
    assert len(list(tmp_path.iterdir())) == 1


def test_only_file_without_a_start_is_refused(tmp_path: Path) -> None:
    write_log(tmp_path, b"")
    with pytest.raises(CallLogLost, match="start"):
        read_history(tmp_path)


def test_log_of_another_version_is_refused(tmp_path: Path) -> None:
    payload = bytearray(next(scan_entries(pack_start(Start(0, {})))).payload)
    payload[0] = 9
    write_log(tmp_path, pack_entry(Kind.START, b"", bytes(payload), 0))
    with pytest.raises(CallLogLost, match="version"):
        read_history(tmp_path)


def test_rotation_syncs_the_old_file_and_carries_open_calls(tmp_path: Path) -> None:
    synced: list[str] = []

    def sync(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").resolve().name)

    log = open_log(tmp_path, sync=sync)
    log.begin(call_id(0), ONE)
    for number in range(1, 20):
        log.begin(call_id(number), b"")
        log.finish(call_id(number), ONE)
    assert synced == []
    rotate(log)
    assert synced == ["00000000.calls"]
    log.delete_before(log.next_seq)
    assert (tmp_path / "00000000.calls").exists()
    log.sync(log.mark)
    assert synced == ["00000000.calls", "00000001.calls"]
    log.delete_before(log.next_seq - 1)
    assert (tmp_path / "00000000.calls").exists()
    log.delete_before(log.next_seq)
    assert not (tmp_path / "00000000.calls").exists()
    assert log.in_flight == 1
    log.close(0)
    history = read_history(tmp_path)
    assert history is not None
    assert (history.first_seq, history.open_by_id) == (19, {call_id(0): ONE})


def rotate(log: CallLog) -> None:
    """A new file is begun; the first call has it made, and takes it where that was quick."""
    log.rotate()
    if log._spare is not None:
        log._spare.exception()
        log.rotate()


def test_begin_is_refused_when_the_disk_has_no_room_for_the_next_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = open_log(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(call_files, "MIN_FREE_BYTES", 1 << 62)
        log.begin(call_id(0), bytes(FILE_BYTES // 2))
        rotate(log)
        with pytest.raises(CallLogFull, match="disk"):
            begin_for_ever(log)
        assert log.finish(call_id(0), ONE) == 0
    rotate(log)
    log.begin(call_id(0), ONE)
    log.close(0)


def begin_for_ever(log: CallLog) -> None:
    for number in range(1, 100):
        log.begin(call_id(number), ONE)
