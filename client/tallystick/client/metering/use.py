"""What was used, and whom and what it is billed to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from tallystick.client.resources import ResourceView
from tallystick.core.usage import TOKEN_FIELDS, Flag
from tallystick.meter.parse.reading import NO_FLAGS, Reading
from tallystick.meter.records import Billing

NS_PER_MS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Use:
    """What was used, and what is known of it."""

    quantities: Mapping[str, int]
    """By record field; what is not named is 0."""
    flags: Flag = NO_FLAGS
    models: tuple[str, ...] = ()
    """Names it may be priced under where nothing names a resource."""
    tier: str = ""
    raw: bytes = b""
    status: int = 0
    duration_ms: int | None = None

    @classmethod
    def of_reading(cls, reading: Reading, models: tuple[str, ...] = ()) -> Self:
        """What an answer says was used."""
        return cls(
            {name: getattr(reading, name) for name in TOKEN_FIELDS},
            flags=reading.flags,
            models=models,
            tier=reading.tier,
            raw=reading.raw,
        )


@dataclass(frozen=True, slots=True)
class Payee:
    """Whom and what use is billed to, by the network's numbers."""

    billing: Billing
    resource: ResourceView
