"""The gas limit of a settlement, computed and never simulated (docs/protocol.md section 4).

A batch simulated before its predecessor is mined is all gaps, gets a small limit and runs out of
gas later. The constants bound the worst case: every slot cold, on each of a project's four levels a
period that rolls, a threshold crossed and an account frozen, and a lease drawn on every line.
"""

from __future__ import annotations

from typing import Final

from tallystick.core.batches import MAX_BATCH_LINES

MAX_TRANSACTION_GAS: Final = 16_777_216
"""EIP-7825: no transaction may ask for more."""

BASE_GAS: Final = 300_000
GAS_PER_RECORD: Final = 4_200
GAS_PER_SEGMENT: Final = 20_000
GAS_PER_PROJECT: Final = 120_000
GAS_PER_LINE: Final = 7_000
GAS_PER_SIGNER: Final = 8_000


def compute_settle_gas(records: int, segments: int, projects: int, signers: int) -> int:
    """The gas limit for a settlement of this shape, never above what a transaction may ask for.

    Args:
        records: in the batch.
        segments: in the batch.
        projects: distinct ones in the batch.
        signers: attestations carried.
    """
    lines = min(records, segments * projects, MAX_BATCH_LINES)
    gas = (
        BASE_GAS
        + records * GAS_PER_RECORD
        + segments * GAS_PER_SEGMENT
        + projects * GAS_PER_PROJECT
        + lines * GAS_PER_LINE
        + signers * GAS_PER_SIGNER
    )
    return min(gas, MAX_TRANSACTION_GAS)
