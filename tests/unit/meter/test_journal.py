"""The journal keeps what it acknowledged, whole and in order, or says that it cannot."""

import errno
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.unit.meter.samples import create_samples

from tallystick.core.errors import CostFilledIn
from tallystick.core.usage import RECORD_BYTES
from tallystick.meter.errors import (
    FolderLocked,
    JournalFull,
    JournalLost,
    SegmentCorrupt,
    StorageFailed,
)
from tallystick.meter.journal import Journal

SMALL_SEGMENT = 4096


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal(tmp_path / "journal", segment_bytes=SMALL_SEGMENT)
    yield opened
    opened.close()


def test_append_refuses_costs(journal: Journal) -> None:
    records = create_samples(2)
    records["cost_word"][1] = 1
    with pytest.raises(CostFilledIn):
        journal.append(records)
    assert journal.next_seq == 0


def test_append_numbers_records_consecutively(journal: Journal) -> None:
    assert [journal.append(create_samples(n)) for n in (1, 5, 2)] == [0, 1, 6]
    assert journal.next_seq == 8


def test_read_returns_what_was_appended_when_it_spans_segments(journal: Journal) -> None:
    everything = create_samples(500)
    for start in range(0, 500, 20):
        journal.append(everything[start : start + 20])
    assert journal.read(0, 1000).tobytes() == everything.tobytes()
    assert journal.read(13, 205).tobytes() == everything[13:218].tobytes()
    assert len(journal.read(500, 1)) == 0


def test_journal_continues_numbers_when_reopened(tmp_path: Path) -> None:
    records = create_samples(300)
    first = Journal(tmp_path, segment_bytes=SMALL_SEGMENT)
    for start in range(0, 300, 30):
        first.append(records[start : start + 30])
    first.close()
    second = Journal(tmp_path, segment_bytes=SMALL_SEGMENT)
    assert second.append(create_samples(1)) == 300
    assert second.read(0, 300).tobytes() == records.tobytes()
    second.close()


def test_journal_refuses_second_opening(journal: Journal, tmp_path: Path) -> None:
    with pytest.raises(FolderLocked, match=str(os.getpid())):
        Journal(tmp_path / "journal")


def test_append_commits_together_what_waits_for_a_sync(tmp_path: Path) -> None:
    gate, entered, syncs = threading.Event(), threading.Event(), []

    def sync(descriptor: int) -> None:
        syncs.append(descriptor)
        entered.set()
        gate.wait(30)

    journal = Journal(tmp_path, sync=sync)
    first = journal.submit(create_samples(1))
    assert entered.wait(30)
    waiting = [journal.submit(create_samples(1)) for _ in range(50)]
    assert not first.done()
    assert journal.next_seq == 0
    gate.set()
    assert [first.result(30), *(future.result(30) for future in waiting)] == list(range(51))
    assert len(syncs) == 2
    journal.close()


def test_append_never_repeats_a_number_when_threads_compete(journal: Journal) -> None:
    taken: list[int] = []

    def append_many(first_user: int) -> None:
        users = range(first_user, first_user + 40)
        taken.extend(journal.append(create_samples(1, first_user=user)) for user in users)

    threads = [threading.Thread(target=append_many, args=(1 + 40 * n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == list(range(320))
    assert set(journal.read(0, 320)["user"].tolist()) == set(range(1, 321))


@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC])
def test_journal_acknowledges_nothing_more_after_a_failed_sync(tmp_path: Path, code: int) -> None:
    failing = False

    def sync(descriptor: int) -> None:
        if failing:
            raise OSError(code, os.strerror(code))
        os.fdatasync(descriptor)

    journal = Journal(tmp_path, sync=sync)
    journal.append(create_samples(3))
    failing = True
    with pytest.raises(StorageFailed, match=os.strerror(code)):
        journal.append(create_samples(1))
    failing = False
    with pytest.raises(StorageFailed):
        journal.append(create_samples(1))
    assert journal.next_seq == 3
    assert len(journal.read(0, 10)) == 3
    journal.close()


def test_append_is_refused_when_the_bound_is_reached(tmp_path: Path) -> None:
    journal = Journal(tmp_path, max_bytes=10_000, segment_bytes=SMALL_SEGMENT)
    for _ in range(14):
        journal.append(create_samples(10))
    with pytest.raises(JournalFull) as refusal:
        journal.append(create_samples(20))
    assert refusal.value.http_status == 507
    assert len(journal.read(0, 1000)) == journal.next_seq == 140
    assert journal.size_bytes <= 10_000
    journal.close()


def test_append_makes_room_from_settled_records_when_the_bound_is_reached(tmp_path: Path) -> None:
    journal = Journal(tmp_path, max_bytes=10_000, segment_bytes=SMALL_SEGMENT)
    for _ in range(100):
        first_seq = journal.append(create_samples(10))
        journal.settle_up_to(first_seq, delete_before_s=0)
    assert journal.next_seq == 1000
    assert 0 < journal.first_seq <= 990
    journal.close()


def test_settle_keeps_what_is_unsettled_or_young(journal: Journal) -> None:
    for _ in range(20):
        journal.append(create_samples(20))
    journal.settle_up_to(400, delete_before_s=0)
    assert journal.first_seq == 0
    journal.settle_up_to(150, delete_before_s=float("inf"))
    assert 0 < journal.first_seq <= 150
    assert len(journal.read(150, 1000)) == 250
    with pytest.raises(JournalLost):
        journal.read(0, 10)


def test_journal_keeps_its_number_when_everything_settled(tmp_path: Path) -> None:
    journal = Journal(tmp_path, segment_bytes=SMALL_SEGMENT)
    for _ in range(20):
        journal.append(create_samples(20))
    journal.settle_up_to(400, delete_before_s=float("inf"))
    journal.close()
    reopened = Journal(tmp_path, segment_bytes=SMALL_SEGMENT)
    assert reopened.next_seq == 400
    reopened.close()


def test_journal_refuses_to_open_when_a_segment_is_missing(tmp_path: Path) -> None:
    journal = Journal(tmp_path, segment_bytes=SMALL_SEGMENT)
    for _ in range(20):
        journal.append(create_samples(20))
    journal.close()
    sorted(tmp_path.glob("*.segment"))[2].unlink()
    with pytest.raises(SegmentCorrupt):
        Journal(tmp_path)


def test_close_commits_what_was_submitted(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    future = journal.submit(create_samples(7))
    journal.close()
    assert future.result(0) == 0
    reopened = Journal(tmp_path)
    assert reopened.next_seq == 7
    reopened.close()


def test_listener_hears_of_a_commit(journal: Journal) -> None:
    heard = threading.Event()
    unsubscribe = journal.subscribe(heard.set)
    journal.append(create_samples(1))
    assert heard.wait(30)
    unsubscribe()


def test_append_larger_than_a_chunk_gets_consecutive_numbers(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    count = 150_000
    assert journal.append(create_samples(count)) == 0
    assert journal.next_seq == count
    users = journal.read(65_000, 80_000)["user"]
    assert np.array_equal(users, np.arange(65_001, 145_001))
    assert journal.size_bytes > count * RECORD_BYTES
    journal.close()
