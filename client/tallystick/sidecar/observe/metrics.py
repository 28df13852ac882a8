"""What an observer has seen and missed, as Prometheus reads it."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from tallystick.meter.exposition import create_counter
from tallystick.meter.passive.tally import Tally


class ObserverMetrics(Collector):
    """Counts of one observer since it was started.

    Args:
        tally: kept by its book.
    """

    def __init__(self, tally: Tally) -> None:
        self._tally = tally

    def collect(self) -> Iterator[Metric]:
        """One counter, a sample for each outcome."""
        samples = (((outcome,), count) for outcome, count in self._tally.as_dict().items())
        yield create_counter("tallystick_observer_calls", samples)
