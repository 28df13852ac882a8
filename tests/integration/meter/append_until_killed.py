"""Appends to a journal and prints, per acknowledged append, first number, first user and count."""

import random
import sys
import threading
from pathlib import Path

from tests.unit.meter.samples import create_samples

from tallystick.meter.journal import Journal

THREADS = 4


def append_for_ever(journal: Journal, thread: int, seed: int) -> None:
    """Users of each thread come from a range of their own, so that none is used twice."""
    choose = random.Random(seed + thread)  # noqa: S311 - no secret
    user = 1 + thread * 10**9 + seed * 10**12
    while True:
        count = choose.choice((1, 2, 7, 40))
        first_seq = journal.append(create_samples(count, first_user=user))
        print(first_seq, user, count, flush=True)
        user += count


def main() -> None:
    folder, seed = Path(sys.argv[1]), int(sys.argv[2])
    journal = Journal(folder, segment_bytes=20_000)
    for thread in range(THREADS):
        threading.Thread(target=append_for_ever, args=(journal, thread, seed)).start()


main()
