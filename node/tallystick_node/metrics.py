"""What a validator counts and times, in a registry of its own; the metric table has every name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from tallystick.core.metric_table import METRIC_BY_NAME

LATENCY_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class NodeMetrics:
    """The metrics of one validator; `render` is what /metrics answers."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.frames_received = self._count("tallystick_frames_received")
        self.records_accepted = self._count("tallystick_records_accepted")
        self.equivocations = self._count("tallystick_equivocations")
        self.batches_proposed = self._count("tallystick_batches_proposed")
        self.batches_finished = self._count("tallystick_batches_finished")
        self.quorum_misses = self._count("tallystick_quorum_misses")
        self.attestations = self._count("tallystick_attestations")
        self.records_settled = self._count("tallystick_records_settled")
        self.records_quarantined = self._count("tallystick_records_quarantined")
        self.settle_gas = self._count("tallystick_settle_gas")
        self.settle_gas_records = self._count("tallystick_settle_gas_records")
        self.collect_seconds = self._time("tallystick_collect_seconds")
        self.attest_seconds = self._time("tallystick_attest_seconds")
        self.settle_seconds = self._time("tallystick_settle_seconds")

    def watch(self, name: str, read: Callable[[], float]) -> None:
        """The gauge `name` shows what `read` returns whenever it is asked for."""
        Gauge(name, METRIC_BY_NAME[name].help, registry=self._registry).set_function(read)

    def watch_each(self, name: str, read: Callable[[], Mapping[str, float]]) -> None:
        """The gauge `name` shows what `read` returns, by the value of its one label."""
        self._registry.register(_Labelled(name, read))

    def render(self) -> bytes:
        """Every metric in the Prometheus text format."""
        return generate_latest(self._registry)

    def _count(self, name: str) -> Counter:
        metric = METRIC_BY_NAME[name]
        return Counter(name, metric.help, metric.labels, registry=self._registry)

    def _time(self, name: str) -> Histogram:
        help_ = METRIC_BY_NAME[name].help
        return Histogram(name, help_, registry=self._registry, buckets=LATENCY_BUCKETS_S)


class _Labelled(Collector):
    """One gauge, whose labels' values are known only when it is read."""

    def __init__(self, name: str, read: Callable[[], Mapping[str, float]]) -> None:
        self._metric = METRIC_BY_NAME[name]
        self._read = read

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield self._create_family(self._read().items())

    def describe(self) -> Iterable[GaugeMetricFamily]:
        return [self._create_family(())]

    def _create_family(self, values: Iterable[tuple[str, float]]) -> GaugeMetricFamily:
        metric = self._metric
        family = GaugeMetricFamily(metric.name, metric.help, labels=metric.labels)
        for label, value in values:
            family.add_metric([label], value)
        return family
