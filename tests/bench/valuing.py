"""Valuation and whole verdicts on one core, in arrays of a full batch, as validators use them."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Final

from tests.bench.load import create_load
from tests.integration.settling import SettlingNetwork

from tallystick.core.batches import MAX_BATCH_RECORDS
from tallystick.core.valuation import compute_costs_ucr
from tallystick.core.verdicts import compute_verdicts

ROUNDS: Final = 5
CALLS: Final = 200


async def measure_valuation(network: SettlingNetwork) -> dict[str, float]:
    """Records a second: `records_per_s` valued, `verdicts_per_s` judged and valued."""
    block = await network.learn()
    facts, now_ms = network.book.at(block.number), block.time_s * 1000
    records = create_load(network.projects, MAX_BATCH_RECORDS, newest_ms=now_ms, seed=1)
    rates = facts.resolved_at(1, now_ms)
    assert rates is not None
    meters = records["project"].astype("u4")
    meters[:] = network.meters[0].id
    return {
        "records_per_s": _measure(lambda: compute_costs_ucr(records, rates)),
        "verdicts_per_s": _measure(lambda: compute_verdicts(records, meters, facts, now_ms)),
    }


def _measure(call: Callable[[], object]) -> float:
    """Records a second of CPU time: the median of a few rounds of calls over a full batch."""
    taken_s: list[float] = []
    for _ in range(ROUNDS):
        began_s = time.process_time()
        for _ in range(CALLS):
            call()
        taken_s.append(time.process_time() - began_s)
    return CALLS * MAX_BATCH_RECORDS / median(taken_s)
