"""What a metric is, apart from any program that counts it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class MetricKind(StrEnum):
    """How a metric's samples behave (Prometheus text format 0.0.4)."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Metric:
    """One row of the metric table.

    Args:
        name: of the family, without the endings that samples have.
        kind: see there.
        unit: of its values; "1" where they are a count of nothing in particular, or a yes or no.
        help: what it tells.
        labels: by which its samples are told apart.
    """

    name: str
    kind: MetricKind
    unit: str
    help: str
    labels: tuple[str, ...] = ()

    @property
    def samples(self) -> tuple[str, ...]:
        """The names that its samples have on a page."""
        match self.kind:
            case MetricKind.COUNTER:
                return (f"{self.name}_total",)
            case MetricKind.GAUGE:
                return (self.name,)
            case MetricKind.HISTOGRAM:
                return tuple(f"{self.name}_{end}" for end in ("bucket", "count", "sum"))
