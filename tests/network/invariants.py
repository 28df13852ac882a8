"""I1 to I12 on a running network, by what `verify` recomputes from the chain alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import tallystick
from tallystick.verify.verdict import Check

CHECKS: Final[Mapping[str, tuple[Check, ...]]] = {
    "I1": (Check.MINTED, Check.BURNED, Check.MOVES, Check.POOLS, Check.HEAD_CREDITS),
    "I2": (Check.FRAMES, Check.SETTLED_SEGMENTS, Check.HEAD_CURSORS),
    "I3": (Check.VERDICTS, Check.TOTALS),
    "I4": (Check.HEAD_SPENT,),
    "I5": (Check.DIRECT_CALL, Check.DATA_HASH, Check.IN_FORCE, Check.ATTESTATIONS),
    "I6": (Check.LEASES, Check.HEAD_LEASED),
    "I7": (Check.VERDICTS, Check.CORRECTIONS, Check.HEAD_SPENT),
    "I8": (Check.CALLDATA, Check.BATCH_NUMBER, Check.ACCUMULATOR, Check.HEAD_ACCUMULATOR),
    "I9": (Check.GRANTS, Check.EXPLORATION),
    "I10": (Check.SWAPS, Check.POOLS),
    # The bounds are constants of the contracts, so what holds is the published code.
    "I11": (Check.HEAD_CODE, Check.INDEX_STEPS),
}
"""I12 is not the chain's to know: see `count_errors`."""


Settled = Mapping[tuple[int, int], Counter[int]]
Acknowledged = tuple[int, int, int]


@dataclass(frozen=True)
class Errors:
    """How many acknowledged records did not settle as what they are, and how many did so twice."""

    lost: int
    doubled: int


def check_invariants(client: tallystick.Client) -> None:
    """Everything on the ledger follows from what was signed and voted.

    Raises:
        AssertionError: an invariant does not hold; names it.
    """
    verdict = client.verify()
    broken = [
        f"{name} ({check})"
        for name, checks in CHECKS.items()
        for check in checks
        if not verdict.checks[check]
    ]
    assert not broken, f"{broken}: {verdict.first_disagreement}"
    assert verdict.is_verified, verdict.first_disagreement


def count_errors(settled: Settled, acknowledged: Sequence[Acknowledged]) -> Errors:
    """I12 in figures: what became of every record that was acknowledged.

    Lost is a number that settled nowhere or in another's place, doubled one that settled twice.

    Args:
        settled: how often each number settled, by (meter, sequence number).
        acknowledged: (meter, sequence number, number) of each record.
    """
    times: Counter[int] = Counter()
    for numbers in settled.values():
        times.update(numbers)
    nothing: Counter[int] = Counter()
    lost = sum(
        settled.get((meter, seq), nothing)[number] == 0 for meter, seq, number in acknowledged
    )
    doubled = sum(times[number] > 1 for _, _, number in acknowledged)
    return Errors(lost, doubled)
