"""How a gateway process keeps its leases."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KeeperSettings:
    """How leases are kept."""

    floor_ucr: int = 10_000_000
    """A lease aims at no less: 10 credits."""
    horizon_s: int = 120
    """For how long it should last at the use of late."""
    ttl_s: int = 600
    """How far ahead deadlines are put."""
    margin_ms: int = 5_000
    """So long before its deadline nothing is admitted any more, a tenth of its time at most."""
    idle_s: float = 300.0
    """A lease that nobody used for so long is given back."""
    tick_s: float = 1.0
    """Between two looks at a lease."""
    fresh_s: float = 1.0
    """For how long the chain's word on what room there is counts."""
    ahead_s: float = 5.0
    """Between two tries to extend ahead of need where there was no room."""
    retry_s: float = 0.5
    """First wait after the network could not be reached; doubled by each further one."""
    max_retry_s: float = 8.0
    max_waiting: int = 5_000
    """Calls of one project that wait at most."""
