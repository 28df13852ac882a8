"""What is recorded is durable, numbered in order, and there once, whatever was open."""

import asyncio
import shutil
import threading
from pathlib import Path
from queue import Queue

import pytest
from tests.unit.meter.opened import NOW_MS, SMALL, open_sample_meter, read_users, recording
from tests.unit.meter.samples import create_samples

from tallystick.core.errors import CostFilledIn
from tallystick.core.usage import Flag
from tallystick.meter import call_files, forwarder
from tallystick.meter.details import Detail, DetailStore
from tallystick.meter.errors import (
    CallLogFull,
    CallLogLost,
    CallOpen,
    CallUnknown,
    FolderLocked,
    StorageFailed,
)
from tallystick.meter.event_ids import compute_event_id
from tallystick.meter.forwarder import GATHER_S
from tallystick.meter.recorder import Recorded, Recorder, RecorderLimits, Recovered

NONE = create_samples(0)


def call_id(number: int) -> bytes:
    return number.to_bytes(16, "big")


def event_id(number: int) -> bytes:
    return compute_event_id("test", str(number))


def test_begin_refuses_costs_and_repeated_ids(tmp_path: Path) -> None:
    costly = create_samples(1)
    costly["cost_word"] = 1
    with recording(tmp_path) as (_, recorder):
        with pytest.raises(CostFilledIn):
            recorder.begin(call_id(1), costly)
        recorder.begin(call_id(1), create_samples(1))
        with pytest.raises(CallOpen):
            recorder.begin(call_id(1), create_samples(1))
        assert recorder.in_flight == 1
        assert recorder.finish_now(call_id(1), NONE) is None


def test_finish_refuses_calls_that_are_not_open(tmp_path: Path) -> None:
    with recording(tmp_path) as (_, recorder):
        with pytest.raises(CallUnknown):
            recorder.finish_now(call_id(1), create_samples(1))
        recorder.begin(call_id(1), NONE)
        recorder.finish_now(call_id(1), create_samples(1))
        with pytest.raises(CallUnknown):
            recorder.finish_now(call_id(1), create_samples(1))
        assert recorder.next_seq == 1


def test_order_of_finishing_numbers_the_records(tmp_path: Path) -> None:
    with recording(tmp_path) as (_, recorder):
        for number in range(3):
            recorder.begin(call_id(number), create_samples(1, first_user=90))
        assert recorder.finish_now(call_id(2), create_samples(2, first_user=20)) == 0
        assert recorder.finish_now(call_id(0), NONE) is None
        assert recorder.record(create_samples(3, first_user=30)) == range(2, 5)
        assert recorder.finish_now(call_id(1), create_samples(1, first_user=10)) == 5
    assert read_users(tmp_path) == [20, 21, 30, 31, 32, 10]


def test_awaited_finishes_are_told_once_for_each_sync(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> list[int | None]:
        with recording(tmp_path) as (_, recorder):
            for number in range(100):
                recorder.begin(call_id(number), NONE)
            loop = asyncio.get_running_loop()
            call_soon, told = loop.call_soon_threadsafe, []

            def count(*args: object) -> asyncio.Handle:
                told.append(args)
                return call_soon(*args)  # type: ignore[arg-type]

            monkeypatch.setattr(loop, "call_soon_threadsafe", count)
            gate, syncs = threading.Event(), []
            sync = recorder._log._sync

            def wait_and_sync(descriptor: int) -> None:
                gate.wait(30)
                syncs.append(descriptor)
                sync(descriptor)

            recorder._log._sync = wait_and_sync
            futures = [recorder.finish(call_id(n), create_samples(1)) for n in range(100)]
            gate.set()
            found = await asyncio.gather(*futures)
            assert len(told) <= len(syncs) <= 4
            return found

    assert asyncio.run(run()) == list(range(100))


def test_event_is_recorded_once(tmp_path: Path) -> None:
    with recording(tmp_path) as (_, recorder):
        first = recorder.record_event_now(event_id(1), create_samples(2, first_user=10))
        second = recorder.record_event_now(event_id(1), create_samples(5, first_user=50))
        empty = [recorder.record_event_now(event_id(2), NONE) for _ in range(2)]
    assert [first, second] == [Recorded(True, 0), Recorded(False, 0)]
    assert empty == [Recorded(True, None), Recorded(False, None)]
    with recording(tmp_path) as (_, recorder):
        assert recorder.record_event_now(event_id(1), create_samples(1)) == Recorded(False, 0)
    assert read_users(tmp_path) == [10, 11]


def test_repeated_event_waits_for_the_first_to_be_durable(tmp_path: Path) -> None:
    async def run() -> None:
        with recording(tmp_path) as (_, recorder):
            gate = threading.Event()
            sync = recorder._log._sync

            def wait_and_sync(descriptor: int) -> None:
                gate.wait(30)
                sync(descriptor)

            recorder._log._sync = wait_and_sync
            first = recorder.record_event(event_id(1), create_samples(1))
            second = recorder.record_event(event_id(1), create_samples(1))
            await asyncio.sleep(0)
            assert not first.done()
            assert not second.done()
            gate.set()
            assert list(await asyncio.gather(first, second)) == [
                Recorded(True, 0),
                Recorded(False, 0),
            ]

    asyncio.run(run())


def test_details_get_the_numbers_of_their_records(tmp_path: Path) -> None:
    store = DetailStore(tmp_path / "details")
    detail = Detail(time_ms=NOW_MS, source="gateway", model="m")
    with recording(tmp_path, details=store) as (_, recorder):
        recorder.record(create_samples(4))
        recorder.begin(call_id(9), NONE)
        recorder.finish_now(call_id(9), create_samples(2), [detail])
        recorder.begin(call_id(8), NONE)
        recorder.finish_now(call_id(8), NONE, [detail])
    assert [(one.seq, one.call) for one in store.scan()] == [(4, call_id(9))]
    store.close()


def test_details_that_cannot_be_kept_are_counted_and_records_go_on(tmp_path: Path) -> None:
    store = DetailStore(tmp_path / "details")
    bad = Detail(time_ms=2**63, source="gateway")
    with recording(tmp_path, details=store) as (_, recorder):
        recorder.record(create_samples(1, first_user=1), [bad])
        recorder.record(create_samples(1, first_user=2), [Detail(time_ms=NOW_MS, source="sdk")])
    assert recorder.lost_details in {1, 2}  # gathered or not
    assert read_users(tmp_path) == [1, 2]
    store.close()


def test_old_details_go_while_new_ones_come(tmp_path: Path) -> None:
    store = DetailStore(tmp_path / "details")
    store.put_many([Detail(seq=0, time_ms=NOW_MS - SMALL.detail_ms - 1, source="sdk")])
    with recording(tmp_path, details=store) as (_, recorder):
        recorder.record(create_samples(2))
        recorder.record(create_samples(1), [Detail(time_ms=NOW_MS, source="sdk")])
    assert [one.seq for one in store.scan()] == [2]
    store.close()


def leave_behind(folder: Path, copy: Path) -> None:
    """What a process that was killed now would leave in `copy`, without anybody's locks."""
    shutil.copytree(folder, copy)


def test_open_calls_are_recorded_at_their_estimate_after_a_crash(tmp_path: Path) -> None:
    folder, crashed = tmp_path / "m", tmp_path / "crashed"
    with recording(folder) as (_, recorder):
        recorder.begin(call_id(1), create_samples(2, first_user=10))
        recorder.begin(call_id(2), create_samples(1, first_user=20))
        recorder.begin(call_id(3), NONE)
        recorder.finish_now(call_id(2), create_samples(1, first_user=21))
        leave_behind(folder, crashed)
        recorder.finish_now(call_id(1), create_samples(1, first_user=11))
        recorder.finish_now(call_id(3), NONE)
    assert read_users(folder) == [21, 11]
    with recording(crashed) as (_, recorder):
        assert recorder.recovered.estimated == 2
        assert recorder.in_flight == 0
        assert recorder.next_seq == 3
    assert read_users(crashed) == [21, 10, 11]
    with open_sample_meter(crashed) as meter:
        assert meter.journal.read(0, 3)["flags"].tolist() == [0, Flag.ESTIMATED, Flag.ESTIMATED]
    with recording(crashed) as (_, recorder):
        assert recorder.recovered == Recovered()


def test_recorder_goes_on_from_the_journal_when_its_folder_was_used_before(tmp_path: Path) -> None:
    with open_sample_meter(tmp_path) as meter:
        meter.record(create_samples(3, first_user=1))
    with recording(tmp_path) as (_, recorder):
        assert recorder.record(create_samples(1, first_user=50)) == range(3, 4)
    with open_sample_meter(tmp_path) as meter:
        meter.record(create_samples(2, first_user=60))
    with recording(tmp_path) as (_, recorder):
        assert recorder.record(create_samples(1, first_user=70)) == range(6, 7)
    assert read_users(tmp_path) == [1, 2, 3, 50, 60, 61, 70]


def test_recorder_refuses_a_journal_that_went_on_beside_an_unfinished_log(tmp_path: Path) -> None:
    folder, crashed = tmp_path / "m", tmp_path / "crashed"
    with recording(folder) as (_, recorder):
        recorder.begin(call_id(1), create_samples(1))
        recorder.record(create_samples(1))
        leave_behind(folder, crashed)
        recorder.finish_now(call_id(1), NONE)
    with open_sample_meter(crashed) as meter:
        meter.record(create_samples(2, first_user=60))
    meter = open_sample_meter(crashed)
    with pytest.raises(CallLogLost):
        Recorder(meter, crashed, clock=lambda: NOW_MS)
    meter.close()


def test_recorder_stops_when_the_journal_is_written_to_beside_it(tmp_path: Path) -> None:
    with recording(tmp_path) as (meter, recorder):
        meter.record(create_samples(1))
        recorder.record(create_samples(1))
        recorder._forwarder._thread.join(30)
        with pytest.raises(CallLogLost, match="beside"):
            recorder.record(create_samples(1))


def test_recorder_refuses_second_opening(tmp_path: Path) -> None:
    with recording(tmp_path) as (meter, _), pytest.raises(FolderLocked):
        Recorder(meter, tmp_path, clock=lambda: NOW_MS)


def record_for_ever(recorder: Recorder) -> None:
    for _ in range(1000):
        recorder.record(create_samples(1))


def test_begin_is_refused_when_the_journal_has_no_room(tmp_path: Path) -> None:
    limits = RecorderLimits(log_bytes=40_000, file_bytes=4096)
    with recording(tmp_path, limits=limits, journal_bytes=4096) as (_, recorder):
        recorder.begin(call_id(0), create_samples(1))
        with pytest.raises(CallLogFull):
            record_for_ever(recorder)
        kept = recorder.next_seq
        assert recorder.finish_now(call_id(0), create_samples(1)) == kept
    with recording(tmp_path, limits=limits) as (_, recorder):
        assert recorder.next_seq == kept + 1
        assert recorder.recovered.estimated == 0
    assert len(read_users(tmp_path)) == kept + 1


def test_journal_waits_while_the_disk_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with recording(tmp_path) as (meter, recorder):
        with monkeypatch.context() as patched:
            patched.setattr(call_files, "MIN_FREE_BYTES", 1 << 62)
            recorder.record(create_samples(3, first_user=1))
            recorder._forwarder._closing.wait(3 * GATHER_S)
            assert meter.journal.next_seq == 0
        recorder.record(create_samples(1, first_user=4))
    with recording(tmp_path):
        pass
    assert read_users(tmp_path) == [1, 2, 3, 4]


def test_nothing_is_acknowledged_when_the_disk_refuses_a_sync(tmp_path: Path) -> None:
    def refuse(descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    with recording(tmp_path) as (_, recorder):
        recorder.record(create_samples(1))
        recorder._log._sync = refuse
        with pytest.raises(StorageFailed):
            recorder.record(create_samples(1))
        with pytest.raises(StorageFailed):
            recorder.begin(call_id(1), NONE)


def test_journal_gets_many_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forwarder, "INTERVAL_S", 10**6)
    monkeypatch.setattr(forwarder, "MANY", 10)
    ends: Queue[int] = Queue()
    with recording(tmp_path) as (meter, recorder):
        meter.journal.subscribe(lambda: ends.put(meter.journal.next_seq))
        recorder.record(create_samples(1))
        assert ends.get(timeout=60) == 1
        for _ in range(10):
            recorder.record(create_samples(2))
        assert ends.get(timeout=60) == 21
        recorder.record(create_samples(1))
    assert ends.get(timeout=60) == 22


def test_files_of_the_log_go_once_the_journal_has_their_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forwarder, "INTERVAL_S", 0.0)
    with recording(tmp_path) as (_, recorder):
        recorder.begin(call_id(0), create_samples(1, first_user=10**6))
        for number in range(1, 400):
            recorder.begin(call_id(number), NONE)
            recorder.finish_now(call_id(number), create_samples(1, first_user=number))
        assert len(list((tmp_path / "calls").glob("*.calls"))) < 10
    with recording(tmp_path) as (_, recorder):
        assert recorder.recovered == Recovered(records=0, estimated=1)
    assert read_users(tmp_path) == [*range(1, 400), 10**6]


def test_threads_and_closing_lose_nothing(tmp_path: Path) -> None:
    found: list[int] = []

    def record(thread: int) -> None:
        for place in range(50):
            found.extend(recorder.record(create_samples(2, first_user=thread * 1000 + 2 * place)))

    with recording(tmp_path) as (_, recorder):
        threads = [threading.Thread(target=record, args=(number,)) for number in range(1, 5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(found) == list(range(400))
    users = read_users(tmp_path)
    assert sorted(users) == sorted(t * 1000 + n for t in range(1, 5) for n in range(100))


def test_closed_recorder_takes_nothing(tmp_path: Path) -> None:
    with recording(tmp_path, limits=SMALL) as (_, recorder):
        recorder.close()
        with pytest.raises(StorageFailed):
            recorder.record(create_samples(1))
        recorder.close()
