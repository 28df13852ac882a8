"""Admission from memory: a lease, the caps of a key and of a person, and a rate bucket."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Final

from tallystick.meter.admission.gate import Gate, Reservation
from tallystick.meter.admission.purse import Purse, create_rate

ROUNDS: Final = 15
CALLS: Final = 20_000
CALLS_PER_MS: Final = 500
"""So fast time passes: at the rate that is asked of admission. Buckets refill meanwhile."""
AT_ONCE: Final = 1_000
"""Calls under way; as many are admitted, and then settled."""
PROJECTS: Final = 64
KEYS: Final = 256
USERS: Final = 1_024
PLENTY_UCR: Final = 10**15
HOUR_MS: Final = 3_600_000
START_MS: Final = 1_800_000_000_000

Call = tuple[int, tuple[Purse, ...], int, int]
"""Project, caps, greatest cost, and the time: what `admit` takes."""


def measure_admission() -> dict[str, float]:
    """Decisions on one core, all of them admitted.

    Returns:
        `decisions_per_s` and `settlements_per_s` of CPU time, medians of a few rounds;
        `p50_us` and `p99_us` of single decisions by the wall clock, reading it included.
    """
    gate, load = Gate(), _Load()
    for project in range(PROJECTS):
        gate.lease(project).grant(PLENTY_UCR, START_MS + 1_000 * HOUR_MS)
    rounds = [_measure_round(gate, load) for _ in range(ROUNDS)]
    single_us = quantiles(
        [taken_us for _ in range(5) for taken_us in _time_each(gate, load)], n=100
    )
    return {
        "decisions_per_s": median(each[0] for each in rounds),
        "settlements_per_s": median(each[1] for each in rounds),
        "p50_us": single_us[49],
        "p99_us": single_us[98],
    }


@dataclass
class _Load:
    """Calls of many keys and people, by turns."""

    now_ms: int = START_MS

    def __post_init__(self) -> None:
        self._chance = random.Random(1)  # noqa: S311 - the same load every time
        self._purses = [Purse(f"key {n}", PLENTY_UCR, period_ms=HOUR_MS) for n in range(KEYS)]
        self._people = [Purse(f"user {n}", PLENTY_UCR) for n in range(USERS)]
        self._buckets = [
            create_rate(f"key {n}", PLENTY_UCR, HOUR_MS, START_MS) for n in range(KEYS)
        ]

    def create_calls(self) -> list[Call]:
        """The next calls; time has gone on."""
        draw = self._chance.randrange
        calls: list[Call] = []
        for number in range(CALLS):
            key = draw(KEYS)
            caps = (self._purses[key], self._people[draw(USERS)], self._buckets[key])
            now_ms = self.now_ms + number // CALLS_PER_MS
            calls.append((draw(PROJECTS), caps, draw(1_000, 5_000_000), now_ms))
        self.now_ms += CALLS // CALLS_PER_MS
        return calls


def _measure_round(gate: Gate, load: _Load) -> tuple[float, float]:
    """Decisions and settlements a second of CPU time."""
    admit, settle, calls = gate.admit, gate.settle, load.create_calls()
    admitting_s = settling_s = 0.0
    for first in range(0, CALLS, AT_ONCE):
        part = calls[first : first + AT_ONCE]
        began_s = time.process_time()
        under_way = [admit(project, caps, cost, now) for project, caps, cost, now in part]
        decided_s = time.process_time()
        for reservation in under_way:
            settle(reservation, 700)
        settling_s += time.process_time() - decided_s
        admitting_s += decided_s - began_s
    return CALLS / admitting_s, CALLS / settling_s


def _time_each(gate: Gate, load: _Load) -> Iterator[float]:
    """How long each decision took, in microseconds, with as many calls under way."""
    admit, settle, clock = gate.admit, gate.settle, time.perf_counter_ns
    under_way: list[Reservation] = []
    for project, caps, cost_ucr, now_ms in load.create_calls():
        began_ns = clock()
        reservation = admit(project, caps, cost_ucr, now_ms)
        yield (clock() - began_ns) / 1_000
        under_way.append(reservation)
        if len(under_way) == AT_ONCE:
            while under_way:
                settle(under_way.pop(), 700)
