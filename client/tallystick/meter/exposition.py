"""Families of the metric table, filled with what a program has counted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from tallystick.core.metric_table import METRIC_BY_NAME

Samples = Iterable[tuple[Sequence[str], float]]
"""Values of the labels in the table's order, and the value."""


def create_counter(name: str, samples: Samples) -> CounterMetricFamily:
    """The counter of this name in the table; KeyError where the table lacks it."""
    metric = METRIC_BY_NAME[name]
    family = CounterMetricFamily(name, metric.help, labels=metric.labels)
    for labels, value in samples:
        family.add_metric(labels, value)
    return family


def create_gauge(name: str, samples: Samples) -> GaugeMetricFamily:
    """The gauge of this name in the table; KeyError where the table lacks it."""
    metric = METRIC_BY_NAME[name]
    family = GaugeMetricFamily(name, metric.help, labels=metric.labels)
    for labels, value in samples:
        family.add_metric(labels, value)
    return family
