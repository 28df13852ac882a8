"""How validators' reports become an index (docs/price-index.md), in the contract's integers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tallystick.core.tariff import div_up
from tallystick.core.units import PPM

MIN_INDEX_PPM: Final = 1_000
MAX_INDEX_PPM: Final = 1_000_000_000
STALE_EPOCHS: Final = 3
"""A class on which nobody reported for this many whole epochs is frozen."""

_STEP_NUMERATOR: Final = 115
_STEP_DENOMINATOR: Final = 100


def compute_needed_reports(validators: int) -> int:
    """How many reports move an index: 2f + 1 of n, where f = floor((n - 1) / 3) may be faulty.

    Args:
        validators: n, at least 1.
    """
    return 2 * ((validators - 1) // 3) + 1


def compute_lower_median(values_ppm: Sequence[int]) -> int:
    """The middle of at least one value; of an even number of them the lower of the two."""
    return sorted(values_ppm)[(len(values_ppm) - 1) // 2]


def compute_clamped(raw_ppm: int, last_ppm: int) -> int:
    """A price as close to the new one as one step from the last index allows.

    Returns:
        From `last_ppm` / 1.15, rounded up, to `last_ppm` x 1.15, rounded down.
    """
    lowest = div_up(last_ppm * _STEP_DENOMINATOR, _STEP_NUMERATOR)
    highest = last_ppm * _STEP_NUMERATOR // _STEP_DENOMINATOR
    return min(max(raw_ppm, lowest), highest)


def compute_gap_ppm(raw_ppm: int, clamped_ppm: int) -> int:
    """How far the index is behind: raw / clamped in millionths, rounded down."""
    return raw_ppm * PPM // clamped_ppm


def compute_next_index(reports_ppm: Sequence[int], *, validators: int, last_ppm: int) -> int | None:
    """The index that an epoch's reports give, None where they are too few and it is held.

    Args:
        reports_ppm: one for each validator that reported.
        validators: how many the set has.
        last_ppm: the index in force when the new one would begin.
    """
    if len(reports_ppm) < compute_needed_reports(validators):
        return None
    return compute_clamped(compute_lower_median(reports_ppm), last_ppm)
