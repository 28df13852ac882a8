"""Records calls and events and prints what was acknowledged: `kind number first_seq`, line by line.

A record's user is ten times the number of its call, plus 1 where it is no estimate.
"""

import asyncio
import random
import sys
import threading
from pathlib import Path

from tests.unit.meter.opened import open_sample_meter
from tests.unit.meter.samples import create_samples

from tallystick.meter.event_ids import compute_event_id
from tallystick.meter.recorder import Recorder, RecorderLimits

THREADS, TASKS, EVENTS = 2, 8, 300


def tell(kind: str, number: int, seq: int) -> None:
    sys.stdout.write(f"{kind} {number} {seq}\n")
    sys.stdout.flush()


def record_for_ever(recorder: Recorder, thread: int, seed: int) -> None:
    choose = random.Random(seed + thread)  # noqa: S311 - no secret
    number = (seed * 100 + thread) * 10**6
    while True:
        number += 1
        recorder.begin(number.to_bytes(16, "big"), create_samples(1, first_user=number * 10))
        tell("begun", number, -1)
        if choose.random() < 0.9:
            use = create_samples(1, first_user=number * 10 + 1)
            seq = recorder.finish_now(number.to_bytes(16, "big"), use)
            tell("finished", number, -1 if seq is None else seq)


async def record_tasks_for_ever(recorder: Recorder, task: int, seed: int) -> None:
    choose = random.Random(seed + task)  # noqa: S311 - no secret
    number = (seed * 100 + 50 + task) * 10**6
    while True:
        number += 1
        recorder.begin(number.to_bytes(16, "big"), create_samples(1, first_user=number * 10))
        await asyncio.sleep(choose.random() / 1000)
        use = create_samples(1, first_user=number * 10 + 1)
        seq = await recorder.finish(number.to_bytes(16, "big"), use)
        tell("finished", number, -1 if seq is None else seq)
        event = 1 + choose.randrange(EVENTS)
        use = create_samples(1, first_user=event * 10 + 1)
        found = await recorder.record_event(compute_event_id("test", str(event)), use)
        tell("event", event, -1 if found.first_seq is None else found.first_seq)


async def run(recorder: Recorder, seed: int) -> None:
    await asyncio.gather(*(record_tasks_for_ever(recorder, task, seed) for task in range(TASKS)))


def main() -> None:
    folder, seed = Path(sys.argv[1]), int(sys.argv[2])
    print("started", flush=True)
    meter = open_sample_meter(folder)
    recorder = Recorder(meter, folder, limits=RecorderLimits(file_bytes=20_000))
    print("opened", flush=True)
    for thread in range(THREADS):
        threading.Thread(target=record_for_ever, args=(recorder, thread, seed), daemon=True).start()
    asyncio.run(run(recorder, seed))


main()
