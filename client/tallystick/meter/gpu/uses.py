"""Use in units so fine that nothing is rounded before it is recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

US_PER_S: Final = 1_000_000
KIB: Final = 1 << 10
PPM_US: Final = 1_000_000_000
"""Millionths of a device times microseconds, in a GPU-millisecond."""

FINE_PER_UNIT: Final = {
    "in_fresh": 1,
    "in_cached": 1,
    "out_visible": 1,
    "compute_ms": PPM_US,
    "memory_gib_s": (1 << 20) * US_PER_S,
    "transfer_kib": 1 << 10,
}
"""Fine units in one unit of a record's field: tokens, ppm times us, KiB times us, bytes."""


class Payer(msgspec.Struct, frozen=True):
    """Whom use is billed to, by name."""

    project: str
    """A path."""
    user: str = ""
    """A person's or an account's name; "" = not recorded."""
    step: int = 0


class BucketKey(msgspec.Struct, frozen=True):
    """What must be equal for uses to become one record."""

    resource: str
    """A slug."""
    payer: Payer
    origin: str
    """The device's UUID, or the address of an engine."""
    flags: int = 0
    """`core.usage.Flag`."""
    is_idle: bool = False
    """The remainder that nobody used."""


@dataclass(frozen=True, slots=True)
class Use:
    """What went into one bucket between two samples.

    Args:
        key: the bucket's.
        fine: fine units by a record's field, 0 or more.
        energy_mj: millijoules; not charged, kept beside the record.
    """

    key: BucketKey
    fine: Mapping[str, int] = field(default_factory=dict)
    energy_mj: int = 0
