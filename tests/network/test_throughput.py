"""How much a real chain's blocks hold, and how long a record waits for one.

The figures go to build/network.json; none is asserted, for they are the machine's as much as ours.
"""

import asyncio
from pathlib import Path

import pytest
from scripts.scale_model import REHEARSAL, compute_ceiling
from tests.network.figures import FIGURES, add_figures
from tests.network.throughput import (
    Field,
    measure_disk,
    measure_latency,
    measure_throughput,
    open_field,
    prepare,
)

pytestmark = [pytest.mark.network, pytest.mark.timeout(600)]

WARM_UP_RECORDS = 1_024
RECORDS = 24_576
"""Of each of eight meters: some fifteen full blocks."""
LATENCY_FRAMES = 120
LATENCY_FRAME_RECORDS = 64
LATENCY_PAUSE_S = 0.25


@pytest.fixture(scope="module")
def field(network: Path) -> Field:
    return open_field(network)


def publish(engine: str, **figures: float) -> None:
    """Only what a real chain did counts."""
    if engine == "avalanche":
        add_figures(FIGURES, **figures)


def test_every_record_settles_when_all_are_sent_at_once(
    field: Field, engine: str, network: Path
) -> None:
    asyncio.run(measure_throughput(field, prepare(field, WARM_UP_RECORDS, first_seq=0)))
    before = measure_disk(network)
    sendings = prepare(field, RECORDS, first_seq=WARM_UP_RECORDS)
    measured = asyncio.run(measure_throughput(field, sendings))
    assert measured.blocks[-1].records == RECORDS * len(field.meters)
    ceiling = compute_ceiling(REHEARSAL, measured.gas_per_record, measured.bytes_per_record)
    publish(
        engine,
        settled_per_s=round(measured.settled_per_s, 1),
        gas_limit=REHEARSAL.gas_limit,
        ceiling_per_s=round(ceiling, 1),
        ratio=round(measured.settled_per_s / ceiling, 3),
        block_s=round(measured.block_s, 2),
        settlements_per_block=measured.settlements_per_block,
        gas_per_record=round(measured.gas_per_record, 1),
        disk_bytes_per_record=round(
            (measure_disk(network) - before) / measured.blocks[-1].records, 1
        ),
        bytes_per_record=round(measured.bytes_per_record, 1),
    )


def test_every_frame_settles_when_they_come_one_by_one(field: Field, engine: str) -> None:
    latency_s = asyncio.run(
        measure_latency(
            field,
            frames=LATENCY_FRAMES,
            records=LATENCY_FRAME_RECORDS,
            pause_s=LATENCY_PAUSE_S,
            first_seq=WARM_UP_RECORDS + RECORDS,
        )
    )
    publish(engine, latency_p50_s=round(latency_s, 3))
