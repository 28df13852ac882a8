"""Admission from memory: a lease, two caps and a rate bucket that is refilled at every decision."""

from __future__ import annotations

import random
import time
from statistics import median, quantiles
from typing import Final

from tallystick.meter.admission.gate import Gate, Reservation
from tallystick.meter.admission.purse import Level, Purse, RateBucket

ROUNDS: Final = 15
CALLS: Final = 20_000
AT_ONCE: Final = 1_000
"""Calls under way; as many are admitted, and then settled."""
PROJECTS: Final = 64
KEYS: Final = 256
USERS: Final = 1_024
PLENTY_UCR: Final = 10**15
HOUR_MS: Final = 3_600_000
START_MS: Final = 1_800_000_000_000

Call = tuple[int, tuple[Level, ...], int, int]
"""Project, caps, greatest cost, and the time: what `admit` takes."""


def measure_admission() -> dict[str, float]:
    """Decisions on one core, all of them admitted.

    Returns:
        `decisions_per_s` and `settlements_per_s` of CPU time, medians of a few rounds;
        `p99_us` and `p50_us` of single decisions by the wall clock, the clock's own 0.05 us
        included.
    """
    gate, calls = Gate(), _create_calls()
    for project in range(PROJECTS):
        gate.lease(project).grant(PLENTY_UCR, START_MS + 100 * HOUR_MS)
    rounds = [_measure_round(gate, calls) for _ in range(ROUNDS)]
    single_us = quantiles(_time_each(gate, calls), n=100)
    return {
        "decisions_per_s": median(each[0] for each in rounds),
        "settlements_per_s": median(each[1] for each in rounds),
        "p50_us": single_us[49],
        "p99_us": single_us[98],
    }


def _create_calls() -> list[Call]:
    """Calls of many keys and people; a millisecond later each, so that every bucket refills."""
    chance = random.Random(1)  # noqa: S311 - the same load every time
    purses = [Purse(f"key {n}", PLENTY_UCR, period_ms=HOUR_MS) for n in range(KEYS)]
    people = [Purse(f"user {n}", PLENTY_UCR) for n in range(USERS)]
    buckets = [RateBucket(f"key {n}", PLENTY_UCR, HOUR_MS, START_MS) for n in range(KEYS)]
    calls: list[Call] = []
    for number in range(CALLS):
        key, person = chance.randrange(KEYS), chance.randrange(USERS)
        caps = (purses[key], people[person], buckets[key])
        cost_ucr = chance.randrange(1_000, 5_000_000)
        calls.append((chance.randrange(PROJECTS), caps, cost_ucr, START_MS + number))
    return calls


def _measure_round(gate: Gate, calls: list[Call]) -> tuple[float, float]:
    """Decisions and settlements a second of CPU time."""
    admit, settle = gate.admit, gate.settle
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


def _time_each(gate: Gate, calls: list[Call]) -> list[float]:
    """How long each decision took, in microseconds, with as many calls under way."""
    admit, settle, clock = gate.admit, gate.settle, time.perf_counter_ns
    taken_us: list[float] = []
    under_way: list[Reservation] = []
    for project, caps, cost_ucr, now_ms in calls * 5:
        began_ns = clock()
        reservation = admit(project, caps, cost_ucr, now_ms)
        taken_us.append((clock() - began_ns) / 1_000)
        under_way.append(reservation)
        if len(under_way) == AT_ONCE:
            while under_way:
                settle(under_way.pop(), 700)
    return taken_us
