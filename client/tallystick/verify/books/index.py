"""The price index: every step again from the reports it is the median of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tallystick.chain.decode import Event, read_label
from tallystick.core.price_index import (
    compute_clamped,
    compute_gap_ppm,
    compute_lower_median,
    compute_needed_reports,
)
from tallystick.core.units import PPM
from tallystick.verify.books.finding import Finding, compare
from tallystick.verify.verdict import Check


@dataclass(slots=True)
class IndexBook:
    """Reports by class and epoch, and the steps of each class."""

    reports: dict[tuple[str, int], dict[str, int]] = field(default_factory=dict)
    """Value by attester; of epochs that are not closed."""
    steps: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    """(from, index), oldest first, as closed."""
    announced: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Steps of the tariff that no closing stands for yet."""

    def apply(self, event: Event, attesters: Sequence[str], epoch_s: int) -> Iterator[Finding]:
        """The book knows of one event of PriceIndex, or of an IndexSet of the tariff.

        Args:
            event: of either.
            attesters: whose reports count: of the set in force at the epoch's end, without a key
                suspended now.
            epoch_s: length of an epoch.
        """
        label = read_label(event.args["indexClass"])
        match event.name:
            case "IndexSet":
                self.announced[label] = (event.args["fromMs"], event.args["indexPpm"])
            case "PriceReported":
                kept = self.reports.setdefault((label, event.args["epoch"]), {})
                kept[event.args["attester"]] = event.args["valuePpm"]
            case "IndexClosed" | "IndexHeld":
                yield from self._close(event, label, attesters, epoch_s)

    def check_announced(self) -> Iterator[Finding]:
        """At the end of a block every step of the tariff was that of a closing."""
        for label, step in self.announced.items():
            yield Finding(Check.INDEX_STEPS, "a closed epoch", str(step), f"index {label}")
            self.steps.setdefault(label, []).append(step)
        self.announced.clear()

    def _close(
        self, event: Event, label: str, attesters: Sequence[str], epoch_s: int
    ) -> Iterator[Finding]:
        args, epoch = event.args, event.args["epoch"]
        kept = self.reports.pop((label, epoch), {})
        values = [kept[attester] for attester in attesters if attester in kept]
        what = f"index {label}, epoch {epoch}"
        yield from compare(Check.INDEX_STEPS, len(values), args["reports"], f"reports of {what}")
        needed = compute_needed_reports(max(len(attesters), 1))
        is_held = event.name == "IndexHeld"
        if is_held:
            yield from compare(Check.INDEX_STEPS, needed, args["needed"], f"needed for {what}")
        if is_held != (len(values) < needed):
            yield Finding(Check.INDEX_STEPS, needed, len(values), f"reports that move {what}")
        elif not is_held:
            yield from self._step(event, label, values, (epoch + 2) * epoch_s * 1000)

    def _step(
        self, event: Event, label: str, values: Sequence[int], from_ms: int
    ) -> Iterator[Finding]:
        args, what = event.args, f"index {label}, epoch {event.args['epoch']}"
        earlier = [ppm for at_ms, ppm in self.steps.get(label, []) if at_ms <= from_ms]
        raw_ppm = compute_lower_median(values)
        clamped_ppm = compute_clamped(raw_ppm, earlier[-1] if earlier else PPM)
        yield from compare(Check.INDEX_STEPS, raw_ppm, args["rawPpm"], f"median of {what}, ppm")
        yield from compare(Check.INDEX_STEPS, clamped_ppm, args["clampedPpm"], f"{what}, ppm")
        gap_ppm = compute_gap_ppm(args["rawPpm"], max(args["clampedPpm"], 1))
        yield from compare(Check.INDEX_STEPS, gap_ppm, args["gapPpm"], f"gap of {what}, ppm")
        if args["fromMs"]:
            yield from compare(Check.INDEX_STEPS, from_ms, args["fromMs"], f"begin of {what}, ms")
        step = self.announced.pop(label, (0, 0))
        expected = (from_ms, args["clampedPpm"]) if args["fromMs"] else (0, 0)
        yield from compare(
            Check.INDEX_STEPS, str(expected), str(step), f"from and value of {what} in the tariff"
        )
        if step[0]:
            self.steps.setdefault(label, []).append(step)
