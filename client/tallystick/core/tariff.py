"""Rates as the tariff states them, and as they are resolved (docs/protocol.md section 6)."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from functools import lru_cache
from typing import Final

from tallystick.core.errors import RatesOutOfBounds
from tallystick.core.units import PPM
from tallystick.core.usage import MAX_CONTEXT

MAX_U32: Final = 2**32 - 1
MAX_CONTEXT_KILO_SQUARED: Final = (MAX_CONTEXT // 1000) ** 2
"""281,467,729: what `mci_quad` is multiplied by at the largest context."""
MAX_COST_NCR: Final = 2**64 - 1000
"""A cost up to here can be rounded up to ucr in u64 without overflow."""


@dataclass(frozen=True, slots=True)
class Rates:
    """What a vote sets for one resource, in the order of the Tariff contract's struct.

    Token weights, `compute_ncr`, `memory_ncr` and `transfer_ncr` are ncr per unit; `*_ppm` are
    factors in millionths; the MCI (model complexity index) terms are ncr per call.
    """

    w_in: int = 0
    w_cached: int = 0
    w_written: int = 0
    w_out: int = 0
    w_reason: int = 0
    compute_ncr: int = 0
    gpu_multiplier_ppm: int = PPM
    memory_ncr: int = 0
    transfer_ncr: int = 0
    bandwidth_factor_ppm: int = PPM
    mci_base: int = 0
    mci_quad: int = 0


@dataclass(frozen=True, slots=True)
class ResolvedRates:
    """What nodes and contracts multiply quantities with: ncr per unit, rounded up once."""

    w_in: int
    w_cached: int
    w_written: int
    w_out: int
    w_reason: int
    g: int
    m: int
    t: int
    mci_base: int
    mci_quad: int


def div_up(numerator: int, denominator: int) -> int:
    """`numerator / denominator`, rounded up. Both are non-negative."""
    return -(-numerator // denominator)


@lru_cache(maxsize=4096)
def resolve_rates(rates: Rates, index_ppm: int = PPM) -> ResolvedRates:
    """The rates under a price index, rounded up and checked against the overflow bound.

    Args:
        rates: as voted.
        index_ppm: the index of the resource's class in millionths; 1,000,000 without a class.

    Raises:
        RatesOutOfBounds: the bound does not hold.
    """
    resolved = ResolvedRates(
        div_up(rates.w_in * index_ppm, PPM),
        div_up(rates.w_cached * index_ppm, PPM),
        div_up(rates.w_written * index_ppm, PPM),
        div_up(rates.w_out * index_ppm, PPM),
        div_up(rates.w_reason * index_ppm, PPM),
        div_up(rates.compute_ncr * rates.gpu_multiplier_ppm * index_ppm, PPM * PPM),
        rates.memory_ncr,
        div_up(rates.transfer_ncr * rates.bandwidth_factor_ppm, PPM),
        rates.mci_base,
        rates.mci_quad,
    )
    check_rates_bound(resolved)
    return resolved


def compute_worst_cost_ncr(rates: ResolvedRates) -> int:
    """The cost of a record whose every quantity is at its maximum, in ncr."""
    heaviest = max(rates.w_in, rates.w_cached, rates.w_written, rates.w_out, rates.w_reason)
    return (
        MAX_CONTEXT * heaviest
        + MAX_U32 * (rates.g + rates.m + rates.t)
        + rates.mci_base
        + MAX_CONTEXT_KILO_SQUARED * rates.mci_quad
    )


def check_rates_bound(rates: ResolvedRates) -> None:
    """No record can overflow 64 bits under these rates.

    Raises:
        RatesOutOfBounds: one could, or a rate does not fit its type.
    """
    narrow = (
        value
        for name, value in zip(rates.__slots__, astuple(rates), strict=True)
        if name != "mci_base"
    )
    if any(not 0 <= value <= MAX_U32 for value in narrow):
        raise RatesOutOfBounds("a resolved rate does not fit 32 bits", expected=f"0..{MAX_U32}")
    worst_ncr = compute_worst_cost_ncr(rates)
    if rates.mci_base < 0 or worst_ncr > MAX_COST_NCR:
        raise RatesOutOfBounds(
            "the dearest possible record overflows", expected=MAX_COST_NCR, actual=worst_ncr
        )
