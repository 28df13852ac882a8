"""What docs/scale.md computes, held to what was measured and to the code's own limits."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from scripts import scale_model
from scripts.scale_model import (
    AVALANCHE,
    BESU,
    REHEARSAL,
    GasCosts,
    Shape,
    compute_ceiling,
    compute_largest_shape,
    compute_records_per_s,
    count_ledgers,
    fit_costs,
    parse_measured,
)

from tallystick.chain.config import load_network_config
from tallystick.core import batches
from tallystick.core.batches import compute_settle_bytes

COSTS = GasCosts(200_000.0, 3_000.0, 9_000.0, 1_000.0, 22_000.0, 5_000.0)
SHAPES = (
    Shape(1, 1, 1, 1, 3),
    Shape(64, 1, 10, 10, 4),
    Shape(512, 8, 40, 10, 3),
    Shape(1_792, 7, 50, 50, 4),
    Shape(1_536, 6, 150, 50, 3),
    Shape(900, 1, 20, 20, 3),
    Shape(1_700, 2, 100, 50, 4),
)


def read_measured() -> list[tuple[Shape, int]]:
    return parse_measured(json.loads(Path("docs/scale.json").read_text())["gas"])


def test_fitted_costs_are_those_that_made_the_measurements() -> None:
    found = fit_costs([(shape, round(COSTS.compute_gas(shape))) for shape in SHAPES])
    assert [round(value) for value in found._as_vector()] == [
        round(value) for value in COSTS._as_vector()
    ]


@pytest.mark.parametrize(("shape", "gas"), read_measured())
def test_measured_settlement_is_within_a_percent_of_the_model(shape: Shape, gas: int) -> None:
    assert fit_costs(read_measured()).compute_gas(shape) == pytest.approx(gas, rel=0.01)


@pytest.mark.parametrize("shape", SHAPES)
def test_size_of_a_settlement_is_no_less_than_its_bytes(shape: Shape) -> None:
    bound = compute_settle_bytes(shape.records, shape.segments, shape.signers)
    assert bound == pytest.approx(shape.size, rel=0.01, abs=100)


def test_limits_of_a_batch_are_those_of_the_code() -> None:
    assert scale_model.MAX_BATCH_RECORDS == batches.MAX_BATCH_RECORDS
    assert scale_model.MAX_TRANSACTION_BYTES == batches.MAX_TRANSACTION_BYTES


@pytest.mark.parametrize("limits", [REHEARSAL, BESU])
def test_gas_limit_of_a_block_is_that_of_the_configuration(
    limits: scale_model.ChainLimits,
) -> None:
    assert limits.gas_limit == load_network_config(limits.name).chain.gas_limit


def test_largest_batch_has_no_room_for_another_frame() -> None:
    full = compute_largest_shape(frame_records=256, projects=50, signers=3)
    assert full.records <= batches.MAX_BATCH_RECORDS < full.records + 256


def test_ceiling_is_the_gas_limit_when_records_are_small() -> None:
    assert compute_ceiling(AVALANCHE, 4_000.0, 1.0) == 12_500.0


def test_ceiling_is_the_byte_limit_when_gas_is_plenty() -> None:
    limits = replace(AVALANCHE, block_bytes=1_000_000)
    assert compute_ceiling(limits, 1.0, 100.0) == 5_000.0


def test_records_settled_double_when_blocks_come_twice_as_often() -> None:
    full = compute_largest_shape(frame_records=256, projects=50, signers=3)
    slow = compute_records_per_s(BESU, COSTS, full)
    assert compute_records_per_s(replace(BESU, block_s=1.0), COSTS, full) == 2 * slow


@pytest.mark.parametrize(
    ("load", "ledgers"), [(1.0, 1), (5_000.0, 1), (5_001.0, 2), (1_000_000.0, 200)]
)
def test_another_ledger_begins_when_those_before_are_used_to_their_share(
    load: float, ledgers: int
) -> None:
    assert count_ledgers(load, 10_000.0, use_ppm=500_000) == ledgers
