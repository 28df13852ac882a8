"""What a validator counts and times, in a registry of its own."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

LATENCY_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class NodeMetrics:
    """The metrics of one validator; `render` is what /metrics answers."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.frames_received = self._counter(
            "tallystick_frames_received", "Frames by what became of them", "status"
        )
        self.records_accepted = self._counter(
            "tallystick_records_accepted", "Records acknowledged for the first time"
        )
        self.batches_proposed = self._counter("tallystick_batches_proposed", "Batches proposed")
        self.batches_finished = self._counter(
            "tallystick_batches_finished", "Batches of this validator by outcome", "outcome"
        )
        self.quorum_misses = self._counter(
            "tallystick_quorum_misses", "Proposals that too few validators attested in time"
        )
        self.attestations = self._counter(
            "tallystick_attestations",
            "Answers to peers, attested or the code of the refusal",
            "answer",
        )
        self.records_settled = self._counter(
            "tallystick_records_settled", "Records settled on chain, by any validator"
        )
        self.records_quarantined = self._counter(
            "tallystick_records_quarantined", "Settled records with a reason code"
        )
        self.collect_seconds = self._histogram(
            "tallystick_collect_seconds", "From proposal to quorum"
        )
        self.attest_seconds = self._histogram(
            "tallystick_attest_seconds", "Judging and signing one batch of a peer"
        )
        self.settle_seconds = self._histogram(
            "tallystick_settle_seconds", "From proposal to the block that settled it"
        )

    def watch(self, name: str, documentation: str, read: Callable[[], float]) -> None:
        """The gauge `name` shows what `read` returns whenever it is asked for."""
        Gauge(name, documentation, registry=self._registry).set_function(read)

    def render(self) -> bytes:
        """Every metric in the Prometheus text format."""
        return generate_latest(self._registry)

    def _counter(self, name: str, documentation: str, *labels: str) -> Counter:
        return Counter(name, documentation, labels, registry=self._registry)

    def _histogram(self, name: str, documentation: str) -> Histogram:
        return Histogram(name, documentation, registry=self._registry, buckets=LATENCY_BUCKETS_S)
