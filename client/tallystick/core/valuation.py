"""Valuation, twice: explained for one record, and over arrays (docs/protocol.md section 6).

Both give the same integers; `Valuation.sol` is the third form, tests/vectors hold all three to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tallystick.core.tariff import ResolvedRates, div_up
from tallystick.core.units import NCR_PER_UCR
from tallystick.core.usage import NO_MCI_FLAGS, Records, compute_context

_KILO: Final = np.uint64(1000)
_RATE_BY_FIELD: Final = {
    "in_fresh": "w_in",
    "in_cached": "w_cached",
    "in_written": "w_written",
    "out_visible": "w_out",
    "out_reasoning": "w_reason",
    "compute_ms": "g",
    "memory_gib_s": "m",
    "transfer_kib": "t",
}


def compute_cost_ucr(quantities: Mapping[str, int], rates: ResolvedRates, *, flags: int = 0) -> int:
    """The cost of one record in ucr, line by line.

    Args:
        quantities: record fields by name; a missing one is 0. LLM tokens, GPU-ms, GiB-s, KiB.
        rates: resolved, in ncr per unit.
        flags: the record's; a continuation or aggregate carries no MCI.

    Returns:
        ucr, rounded up once, at the end.
    """
    used = {field: quantities.get(field, 0) for field in _RATE_BY_FIELD}

    # What the tokens cost: five disjoint counts, each at its own weight.
    tokens_ncr = (
        used["in_fresh"] * rates.w_in
        + used["in_cached"] * rates.w_cached
        + used["in_written"] * rates.w_written
        + used["out_visible"] * rates.w_out
        + used["out_reasoning"] * rates.w_reason
    )
    # What the machine costs: GPU time, its memory, and the bytes moved.
    machine_ncr = (
        used["compute_ms"] * rates.g
        + used["memory_gib_s"] * rates.m
        + used["transfer_kib"] * rates.t
    )
    # What the model's complexity costs: attention grows with the square of the context.
    mci_ncr = 0
    if not flags & NO_MCI_FLAGS:
        context = (
            used["in_fresh"]
            + used["in_cached"]
            + used["in_written"]
            + used["out_visible"]
            + used["out_reasoning"]
        )
        mci_ncr = rates.mci_base + rates.mci_quad * (context // 1000) ** 2

    return div_up(tokens_ncr + machine_ncr + mci_ncr, NCR_PER_UCR)


def compute_costs_ucr(records: Records, rates: ResolvedRates) -> NDArray[np.uint64]:
    """The cost of every record in ucr, all of one resource under one set of rates.

    Args:
        records: any number; the caller must discard those with a context above 16,777,215, since
            their products may wrap.
        rates: resolved, in ncr per unit, inside the overflow bound.

    Returns:
        uint64 ucr, one per record, each rounded up once.
    """
    cost_ncr = np.zeros(len(records), dtype=np.uint64)
    for field, rate_name in _RATE_BY_FIELD.items():
        rate = getattr(rates, rate_name)
        if rate:
            cost_ncr += records[field].astype(np.uint64) * np.uint64(rate)
    if rates.mci_base or rates.mci_quad:
        kilo = compute_context(records) // _KILO
        mci_ncr = np.uint64(rates.mci_base) + np.uint64(rates.mci_quad) * (kilo * kilo)
        has_mci = (records["flags"] & np.uint16(NO_MCI_FLAGS)) == 0
        cost_ncr += np.where(has_mci, mci_ncr, np.uint64(0))
    return (cost_ncr + np.uint64(NCR_PER_UCR - 1)) // np.uint64(NCR_PER_UCR)
