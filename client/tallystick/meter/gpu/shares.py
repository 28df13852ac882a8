"""One device's time, memory and energy, divided among those who used it.

Whatever is divided, the parts and the idle remainder add up to exactly the whole.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from tallystick.core.units import PPM

Holder = TypeVar("Holder", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Partition(Generic[Holder]):
    """A whole in parts: `sum(parts.values()) + idle` is the whole."""

    parts: dict[Holder, int]
    idle: int


def compute_partition(whole: int, wanted: Mapping[Holder, int]) -> Partition[Holder]:
    """What everybody wants where there is enough, else the whole in proportion; the rest is idle.

    Args:
        whole: what there is, 0 or more, in any unit.
        wanted: what each holder reports, in the same unit; negative counts as nothing.

    Returns:
        Parts in the unit of `whole`, rounded so that they never exceed it in sum.
    """
    claims = {holder: max(claim, 0) for holder, claim in wanted.items()}
    total = sum(claims.values())
    if total <= whole:
        return Partition(claims, whole - total)
    return Partition(compute_proportional(whole, claims), 0)


def compute_proportional(whole: int, weights: Mapping[Holder, int]) -> dict[Holder, int]:
    """All of the whole, by weight; each part is its proportion rounded up or down.

    Args:
        whole: what is divided, 0 or more.
        weights: 0 or more; where all are 0, each holder gets the same.
    """
    if not weights:
        return {}
    total = sum(weights.values())
    if total == 0:
        return compute_proportional(whole, dict.fromkeys(weights, 1))
    parts: dict[Holder, int] = {}
    before = 0
    for holder, weight in weights.items():
        after = before + weight
        parts[holder] = whole * after // total - whole * before // total
        before = after
    return parts


def compute_parts(whole: int, shares_ppm: Mapping[Holder, int]) -> Partition[Holder]:
    """The whole by shares of it, each rounded down; what shares leave over is idle.

    Args:
        whole: what is divided, 0 or more.
        shares_ppm: of the whole; above 1,000,000 in sum they are scaled down.
    """
    shares = compute_partition(PPM, shares_ppm).parts
    parts = {holder: whole * share // PPM for holder, share in shares.items()}
    return Partition(parts, whole - sum(parts.values()))
