"""Gas limits, computed and never simulated (docs/protocol.md section 4).

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

CREATION_BASE_GAS: Final = 3_000_000
"""For what a constructor does."""
CREATION_GAS_PER_BYTE: Final = 240
"""200 to keep a byte of code, up to 16 to send it, 2 for each 32 bytes that run once."""


def bound_gas(to: str | None, data: bytes) -> int:
    """The gas limit of a transaction that nobody simulates.

    Engines estimate by the time of the newest block, which may be long ago, so a call gets all that
    it may ask for: what is not used nobody pays for. Creations get less, because a block takes as
    many transactions as their limits allow, not as they use.

    Args:
        to: the contract that is called, None where one is created.
        data: the call, or the code that creates.
    """
    if to is not None:
        return MAX_TRANSACTION_GAS
    return min(CREATION_BASE_GAS + CREATION_GAS_PER_BYTE * len(data), MAX_TRANSACTION_GAS)


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
