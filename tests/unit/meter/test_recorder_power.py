"""Whenever the power goes, what was acknowledged is there once, and nothing else twice."""

import random
import shutil
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.unit.meter.opened import NOW_MS, SMALL, read_users
from tests.unit.meter.power_cut import Files, PowerCuts, restore
from tests.unit.meter.samples import create_samples

from tallystick.meter.event_ids import compute_event_id
from tallystick.meter.journal import Journal
from tallystick.meter.meter import Meter, MeterIdentity, create_meter_key, save_identity
from tallystick.meter.recorder import Recorder
from tallystick.meter.spool import Spool

SEEDS = range(4)
EVENT_EVERY = 4
THREADS, CALLS = 3, 30
MOMENTS = 8
AGAIN = "cut-again"


def open_watched(folder: Path, cuts: PowerCuts) -> tuple[Meter, Recorder]:
    create_meter_key(folder)
    identity = MeterIdentity(id=7, name="m", network_id="11" * 32)
    save_identity(folder, identity)
    journal = Journal(folder / "journal", segment_bytes=4096, sync=cuts.sync)
    spool = Spool(folder / "spool", segment_bytes=4096)
    meter = Meter(folder, identity, None, journal, spool)  # type: ignore[arg-type]
    recorder = Recorder(meter, folder, limits=SMALL, clock=lambda: NOW_MS, sync=cuts.sync)
    return meter, recorder


def report_event(recorder: Recorder, number: int) -> tuple[int, int]:
    """Number and user of the event's record, whether it is new or not."""
    event = compute_event_id("test", str(number))
    found = recorder.record_event_now(event, create_samples(1, first_user=number * 10 + 1))
    assert found.first_seq is not None
    return found.first_seq, number * 10 + 1


def use(recorder: Recorder, cuts: PowerCuts, choose: random.Random, numbers: range) -> None:
    """Calls and events; the user of a record is ten times the call's number, plus 1 if real."""
    opened: list[int] = []
    for number in numbers:
        if number % EVENT_EVERY == 0:
            cuts.acknowledged.append(report_event(recorder, number))
            continue
        estimate = create_samples(choose.choice((1, 1, 3)), first_user=number * 10)
        estimate["user"] = number * 10
        recorder.begin(number.to_bytes(16, "big"), estimate)
        opened.append(number)
        while len(opened) > choose.randint(0, 6):
            done = opened.pop(choose.randrange(len(opened)))
            seq = recorder.finish_now(
                done.to_bytes(16, "big"), create_samples(1, first_user=done * 10 + 1)
            )
            assert seq is not None
            cuts.acknowledged.append((seq, done * 10 + 1))


def use_from_threads(recorder: Recorder, cuts: PowerCuts, seed: int) -> None:
    with ThreadPoolExecutor(THREADS) as threads:
        for thread in range(THREADS):
            choose = random.Random(seed * THREADS + thread)  # noqa: S311 - no secret
            numbers = range(1 + thread * CALLS, 1 + (thread + 1) * CALLS)
            threads.submit(use, recorder, cuts, choose, numbers).add_done_callback(
                lambda done: done.result()
            )


def check(users: list[int], acknowledged: list[tuple[int, int]]) -> None:
    for seq, user in acknowledged:
        assert users[seq] == user
    kinds = {(user // 10, user % 10) for user in users}
    assert max(Counter(number for number, _ in kinds).values(), default=0) <= 1
    real = [user for user in users if user % 10]
    assert len(real) == len(set(real))


def recover(files: Files, folder: Path, choose: random.Random, known: list[tuple[int, int]]) -> int:
    """The folder is restored, recovered and right; gives how many records were recovered."""
    shutil.rmtree(folder, ignore_errors=True)
    is_kill = choose.random() < 0.5
    restore(files, folder, choose, is_kill=is_kill)
    cuts = PowerCuts(folder, files if is_kill else None)
    with cuts.watching():
        meter, recorder = open_watched(folder, cuts)
        recovered = recorder.recovered.records + recorder.recovered.estimated
        recovering = len(cuts.moments)
        numbers = range(EVENT_EVERY, 1 + THREADS * CALLS, EVENT_EVERY)
        repeated = [report_event(recorder, number) for number in numbers]
        recorder.close()
        meter.close()
    check(read_users(folder), known + repeated)
    if is_kill and folder.name != AGAIN:
        for inner, _ in choose.sample(cuts.moments[:recovering], min(3, recovering)):
            recover(inner, folder.with_name(AGAIN), choose, known)
    return recovered


@pytest.mark.parametrize("seed", SEEDS)
def test_power_cuts_lose_and_double_nothing(seed: int, tmp_path: Path) -> None:
    choose = random.Random(seed)  # noqa: S311 - no secret
    folder = tmp_path / "m"
    cuts = PowerCuts(folder)
    with cuts.watching():
        meter, recorder = open_watched(folder, cuts)
        use_from_threads(recorder, cuts, seed)
        recorder.close()
        meter.close()
    assert len({name for files, _ in cuts.moments for name in files if name.endswith("calls")}) > 2
    moments = [moment for moment in cuts.moments if any("meter.json" in name for name in moment[0])]
    recovered = [
        recover(files, tmp_path / "cut", choose, cuts.acknowledged[:known])
        for files, known in choose.sample(moments, min(MOMENTS, len(moments)))
    ]
    assert any(recovered)
