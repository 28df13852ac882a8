"""What one gateway process counts, as Prometheus reads it.

Counts are plain integers that one event loop changes; a labelled counter of the client library
costs as much as parsing a call.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from tallystick.core.metric_table import METRIC_BY_NAME
from tallystick.core.usage import Flag
from tallystick.meter.admission.gate import Gate
from tallystick.meter.exposition import create_counter, create_gauge
from tallystick.meter.gateway.call import Call

_PREFIX: Final = "tallystick_gateway_"
_BOUNDS_S: Final = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0)
_MAX_LABELS: Final = 200
"""Of tiers, which answers name freely; later ones are counted together."""
_COUNTED_FLAGS: Final = {
    int(flag): str(flag.name).lower()
    for flag in (Flag.ESTIMATED, Flag.UPSTREAM_FAILED, Flag.USAGE_MISMATCH)
}


class CallCounts(Collector):
    """Counts calls and their use; a collector of the client library."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._projects: set[int] = set()
        self._calls: Counter[tuple[str, str, str]] = Counter()
        self._refusals: Counter[str] = Counter()
        self._tokens: Counter[tuple[str, str]] = Counter()
        self._cost_ucr: Counter[str] = Counter()
        self._flagged: Counter[str] = Counter()
        self._unpriced_tiers: Counter[tuple[str, str]] = Counter()
        self._durations = [0] * (len(_BOUNDS_S) + 1)
        self._duration_sum_s = 0.0
        self.in_flight = 0
        self.drains = 0
        """Answers read on although their client has gone, now."""
        self.clients_gone = 0
        self.cut_off = 0

    def count_call(self, call: Call, duration_s: float) -> None:
        """A call has ended, whatever its answer."""
        demand = call.demand
        self._calls[demand.dialect.name, demand.offer.model, str(call.status)] += 1
        self._durations[bisect_left(_BOUNDS_S, duration_s)] += 1
        self._duration_sum_s += duration_s

    def count_use(self, call: Call) -> None:
        """A call has been recorded."""
        closing = call.closing
        if closing is None:
            return
        model, reading = call.demand.offer.model, closing.reading
        self._projects.add(call.demand.key.project)
        self._tokens[model, "input"] += reading.in_total
        self._tokens[model, "output"] += reading.out_total
        self._cost_ucr[model] += closing.cost_ucr
        if closing.flags:
            for flag, name in _COUNTED_FLAGS.items():
                if closing.flags & flag:
                    self._flagged[name] += 1

    def count_refusal(self, code: str) -> None:
        """A request was answered with an error of ours."""
        self._refusals[code] += 1

    def count_unpriced_tier(self, model: str, tier: str) -> None:
        """An answer was served at a price tier that has no resource; the base's price applies."""
        label = (model, tier[:40])
        if label not in self._unpriced_tiers and len(self._unpriced_tiers) >= _MAX_LABELS:
            label = ("", "others")
        self._unpriced_tiers[label] += 1

    def collect(self) -> Iterator[Metric]:
        """The families as they stand."""
        gate = self._gate
        yield create_counter(_PREFIX + "calls", self._calls.items())
        yield create_counter(_PREFIX + "refusals", _wrap(self._refusals.items()))
        refusals = ((str(why), count) for why, count in gate.refusals.items())
        yield create_counter(_PREFIX + "lease_refusals", _wrap(refusals))
        yield create_counter(_PREFIX + "tokens", self._tokens.items())
        yield create_counter(_PREFIX + "cost_ucr", _wrap(self._cost_ucr.items()))
        yield create_counter(_PREFIX + "flagged", _wrap(self._flagged.items()))
        yield create_counter(_PREFIX + "unpriced_tier", self._unpriced_tiers.items())
        for name, count in (
            ("clients_gone", self.clients_gone),
            ("cut_off", self.cut_off),
            ("overruns", gate.overruns),
            ("overrun_ucr", gate.overrun_ucr),
            ("unleased", gate.unleased),
        ):
            yield create_counter(_PREFIX + name, [((), count)])
        yield create_gauge(_PREFIX + "in_flight", [((), self.in_flight)])
        yield create_gauge(_PREFIX + "drains", [((), self.drains)])
        yield from self._collect_leases()
        yield self._create_durations()

    def _collect_leases(self) -> Iterator[Metric]:
        gate, projects = self._gate, sorted(self._projects)
        left = (((str(project),), gate.left_ucr(project)) for project in projects)
        yield create_gauge(_PREFIX + "left_ucr", left)
        granted = (((str(project),), gate.lease(project).granted_ucr) for project in projects)
        yield create_gauge(_PREFIX + "granted_ucr", granted)

    def _create_durations(self) -> Metric:
        buckets: list[tuple[str, float]] = []
        total = 0
        for bound, count in zip((*map(str, _BOUNDS_S), "+Inf"), self._durations, strict=True):
            total += count
            buckets.append((bound, total))
        name = _PREFIX + "duration_seconds"
        return HistogramMetricFamily(
            name, METRIC_BY_NAME[name].help, buckets=buckets, sum_value=self._duration_sum_s
        )


def render_metrics(collectors: Iterable[Collector]) -> bytes:
    """The text that Prometheus scrapes."""
    registry = CollectorRegistry(auto_describe=False)
    for collector in collectors:
        registry.register(collector)
    return generate_latest(registry)


def _wrap(counts: Iterable[tuple[str, int]]) -> Iterator[tuple[tuple[str], int]]:
    return (((label,), count) for label, count in counts)
