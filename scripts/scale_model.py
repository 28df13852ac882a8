"""What settling costs a chain, and how much of it one chain takes: docs/scale.md in numbers. Pure.

A settlement's gas is linear in its shape; how linear, `scripts/scale` measures. A block takes as
many settlements as its gas limit and its byte limit allow, whichever is reached first.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Final

import numpy as np

RECORD_BYTES: Final = 64
SEGMENT_BYTES: Final = 96
FIXED_BYTES: Final = 560
"""Header, ABI heads and envelope of a settlement."""
SIGNATURE_BYTES: Final = 64
MAX_BATCH_RECORDS: Final = 1_800
MAX_TRANSACTION_BYTES: Final = 120_000
DAY_S: Final = 86_400


@dataclass(frozen=True, slots=True)
class ChainLimits:
    """What a block may hold, and how often there is one.

    Attributes:
        name: of the engine.
        gas_limit: of a block.
        block_bytes: of transactions in a block.
        block_s: from one block to the next.
    """

    name: str
    gas_limit: int
    block_bytes: int
    block_s: float


AVALANCHE: Final = ChainLimits("avalanche", 100_000_000, 1_800 * 1024, 2.0)
"""subnet-evm puts at most 1,800 KiB of transactions into a block; blocks come every 2 s."""
REHEARSAL: Final = replace(AVALANCHE, gas_limit=52_000_000)
"""The same where two cores execute every block five times (chain-config/avalanche)."""
BESU: Final = ChainLimits("besu", 100_000_000, 10 * 1024 * 1024, 2.0)
"""QBFT has no byte limit of its own: a block has to fit into one 10 MiB message between nodes."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a settlement carries.

    Attributes:
        records: billed.
        segments: of frames in it.
        lines: pairs of a project and consecutive segments of one meter that bill it.
        projects: distinct ones.
        signers: attestations.
    """

    records: int
    segments: int
    lines: int
    projects: int
    signers: int

    @property
    def size(self) -> int:
        """Bytes of calldata and envelope."""
        return (
            FIXED_BYTES
            + self.records * RECORD_BYTES
            + self.segments * SEGMENT_BYTES
            + self.signers * SIGNATURE_BYTES
        )


@dataclass(frozen=True, slots=True)
class GasCosts:
    """Gas of a settlement, and of each thing in it."""

    settlement: float
    record: float
    segment: float
    line: float
    project: float
    signer: float

    def compute_gas(self, shape: Shape) -> float:
        """Of one settlement of this shape."""
        return float(np.dot(self._as_vector(), describe_shape(shape)))

    def _as_vector(self) -> list[float]:
        return [getattr(self, field.name) for field in fields(self)]


def describe_shape(shape: Shape) -> list[int]:
    """The shape in the order of `GasCosts`."""
    return [1, shape.records, shape.segments, shape.lines, shape.projects, shape.signers]


def parse_measured(rows: Iterable[Mapping[str, int]]) -> list[tuple[Shape, int]]:
    """Settlements with the gas each used, as docs/scale.json lists them."""
    names = [field.name for field in fields(Shape)]
    return [(Shape(**{name: row[name] for name in names}), row["gas"]) for row in rows]


def fit_costs(measured: Sequence[tuple[Shape, int]]) -> GasCosts:
    """The costs that explain measured settlements best (least squares of relative errors).

    Args:
        measured: settlements of different shapes, with the gas each used.
    """
    gas = np.array([used for _, used in measured], dtype=float)
    shapes = np.array([describe_shape(shape) for shape, _ in measured], dtype=float)
    found, *_ = np.linalg.lstsq(shapes / gas[:, None], np.ones(len(gas)), rcond=None)
    return GasCosts(*(float(cost) for cost in found))


def compute_largest_shape(
    *, frame_records: int, projects: int, signers: int, segments: int = 40
) -> Shape:
    """The largest batch of one meter's full frames: whatever limit of a batch comes first.

    Args:
        frame_records: in each frame.
        projects: billed in every frame.
        signers: attestations that a settlement carries.
        segments: at most.
    """
    frames = segments
    while True:
        shape = Shape(frames * frame_records, frames, projects, projects, signers)
        if shape.records <= MAX_BATCH_RECORDS and shape.size <= MAX_TRANSACTION_BYTES:
            return shape
        frames -= 1


def compute_records_per_s(limits: ChainLimits, costs: GasCosts, shape: Shape) -> float:
    """Records a second that one chain settles when every block is full of such settlements."""
    return compute_ceiling(
        limits, costs.compute_gas(shape) / shape.records, shape.size / shape.records
    )


def compute_ceiling(limits: ChainLimits, gas_per_record: float, bytes_per_record: float) -> float:
    """Records a second that a chain's blocks have room for.

    Args:
        limits: of the chain.
        gas_per_record: used, fixed costs of settlements shared out.
        bytes_per_record: in blocks, fixed parts shared out.
    """
    in_a_block = min(limits.gas_limit / gas_per_record, limits.block_bytes / bytes_per_record)
    return in_a_block / limits.block_s


def compute_partial_shape(full: Shape, records: int, frame_records: int) -> Shape:
    """A settlement of fewer records of the same kind: what lighter loads are settled in."""
    segments = max(1, math.ceil(records / frame_records))
    lines = min(full.lines, records)
    return Shape(records, segments, lines, min(full.projects, records), full.signers)


def compute_gas_per_s(
    costs: GasCosts, full: Shape, records_per_s: float, *, batches_per_s: float, frame_records: int
) -> float:
    """Gas that a load costs when validators settle at least so many batches a second.

    Args:
        costs: see `fit_costs`.
        full: the largest settlement.
        records_per_s: the load.
        batches_per_s: the fewest settlements a second: each validator closes one after a moment.
        frame_records: in a full frame.
    """
    batches = max(batches_per_s, records_per_s / full.records)
    records = max(1, min(full.records, round(records_per_s / batches)))
    shape = compute_partial_shape(full, records, frame_records)
    return batches * costs.compute_gas(shape)


def count_ledgers(records_per_s: float, one_ledger_per_s: float, *, use_ppm: int) -> int:
    """Ledgers that a load needs when each is used up to a share of what it takes at most.

    Args:
        records_per_s: of the whole load, spread over organisations.
        one_ledger_per_s: see `compute_records_per_s`.
        use_ppm: of that, in millionths; the rest is for peaks and for catching up.
    """
    return math.ceil(records_per_s * 1_000_000 / (one_ledger_per_s * use_ppm))


def compute_bytes_per_day(records_per_s: float, bytes_per_record: float) -> float:
    """What a node's disk gains a day."""
    return records_per_s * bytes_per_record * DAY_S
