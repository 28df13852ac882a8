"""What a collector has done, as Prometheus reads it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Final

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from tallystick.meter.exposition import create_counter, create_gauge
from tallystick.meter.gpu.collector import Collector as GpuCollector

PREFIX: Final = "tallystick_collector_"


class CollectorMetrics(Collector):
    """Counts of one collector since it was started.

    Args:
        collector: that runs.
    """

    def __init__(self, collector: GpuCollector) -> None:
        self._collector = collector

    def collect(self) -> Iterator[Metric]:
        """One sample of each."""
        for name, count in asdict(self._collector.counts).items():
            yield create_counter(PREFIX + name, [((), count)])
        waiting = len(self._collector.state.pending)
        yield create_gauge(PREFIX + "waiting", [((), waiting)])
