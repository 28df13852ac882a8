"""Outcomes: what each counts for, and which experiments protect whom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from tallystick.chain.decode import Event
from tallystick.verify.books.finding import Finding, compare
from tallystick.verify.verdict import Check

MAX_VALUE_UUSD: Final = 2**128 - 1

Place = tuple[int, int]
"""(project, epoch)"""
Key = tuple[int, int, int]
"""(project, epoch, kind)"""


@dataclass(slots=True)
class OutcomeBook:
    """Values in micro-USD."""

    worth_uusd: dict[tuple[int, int], int] = field(default_factory=dict)
    """Of one unit, by kind and the first epoch it holds for."""
    value_uusd: dict[Key, int] = field(default_factory=dict)
    """Of every report."""
    counting: dict[Key, bool] = field(default_factory=dict)
    """Confirmed or reinstated, and not disputed since; False once disputed."""
    kinds: dict[Place, list[int]] = field(default_factory=dict)
    """Reported, by project and epoch."""

    def compute_value_uusd(self, place: Place) -> int:
        """What a project achieved in an epoch, as far as it counts now."""
        counted = (
            self.value_uusd[(*place, kind)]
            for kind in self.kinds.get(place, ())
            if self.counting.get((*place, kind))
        )
        return min(sum(counted), MAX_VALUE_UUSD)

    def apply(self, event: Event) -> Iterator[Finding]:
        """The book knows of one event of Outcomes."""
        args = event.args
        match event.name:
            case "KindSet":
                self.worth_uusd[args["kind"], args["fromEpoch"]] = args["uusdPerUnit"]
            case "OutcomeReported":
                yield from self._report(event)
            case "OutcomeConfirmed":
                yield from self._count(event, is_counting=True)
            case "OutcomeDisputed":
                yield from self._count(event, is_counting=False)
            case "OutcomeReinstated":
                yield from self._reinstate(event)

    def _report(self, event: Event) -> Iterator[Finding]:
        args = event.args
        place, kind = (args["project"], args["epoch"]), args["kind"]
        known = [first for of, first in self.worth_uusd if of == kind and first <= place[1]]
        worth_uusd = self.worth_uusd[kind, max(known)] if known else 0
        value_uusd = min(args["amount"] * worth_uusd, MAX_VALUE_UUSD)
        what = f"outcome of kind {kind}, project {place[0]}, epoch {place[1]}"
        yield from compare(Check.OUTCOMES, value_uusd, args["valueUusd"], f"{what}, uUSD")
        if (*place, kind) in self.value_uusd:
            yield Finding(Check.OUTCOMES, "one report", "another", what)
        else:
            self.kinds.setdefault(place, []).append(kind)
        self.value_uusd[(*place, kind)] = args["valueUusd"]

    def _count(self, event: Event, *, is_counting: bool) -> Iterator[Finding]:
        key = event.args["project"], event.args["epoch"], event.args["kind"]
        if key not in self.value_uusd or self.counting.get(key) is False:
            yield Finding(
                Check.OUTCOMES, "a report that is not disputed", event.name, f"outcome {key}"
            )
        self.counting[key] = is_counting

    def _reinstate(self, event: Event) -> Iterator[Finding]:
        key = event.args["project"], event.args["epoch"], event.args["kind"]
        if self.counting.get(key) is not False:
            yield Finding(Check.OUTCOMES, "a disputed outcome", event.name, f"outcome {key}")
        self.counting[key] = True


@dataclass(slots=True)
class ExperimentBook:
    """First and last protected epoch by experiment, and the experiments of each project."""

    epochs: dict[int, tuple[int, int]] = field(default_factory=dict)
    by_project: dict[int, list[int]] = field(default_factory=dict)
    pooled_ucr: int = 0
    """What experiments took out of the exploration pool and did not bring back."""

    def apply(self, event: Event) -> Iterator[Finding]:
        """The book knows of one event of Experiments."""
        args = event.args
        if event.name == "ExperimentOpened":
            experiment = args["experiment"]
            self.epochs[experiment] = (args["firstEpoch"], args["lastEpoch"])
            self.by_project.setdefault(args["project"], []).append(experiment)
        elif "experiment" in args:
            yield from self._move(event)

    def _move(self, event: Event) -> Iterator[Finding]:
        """Money of an experiment that is this project's."""
        args, experiment = event.args, event.args["experiment"]
        if experiment not in self.by_project.get(args["project"], ()):
            what = f"project of experiment {experiment}"
            yield Finding(Check.EXPLORATION, "the one that opened it", args["project"], what)
        if event.name == "ExperimentFunded":
            self.pooled_ucr += args["amountUcr"]
            return
        self.pooled_ucr -= args["returnedUcr"]
        if event.name == "ExperimentEnded":
            first, last = self.epochs.get(experiment, (0, 0))
            if args["lastEpoch"] > last:
                what = f"last epoch of experiment {experiment}"
                yield Finding(Check.EXPLORATION, last, args["lastEpoch"], what)
            self.epochs[experiment] = (first, args["lastEpoch"])

    def is_protected(self, project: int, epoch: int) -> bool:
        """Whether the last experiment that had begun by then protects the project in an epoch."""
        begun = [
            self.epochs[experiment]
            for experiment in self.by_project.get(project, ())
            if self.epochs[experiment][0] <= epoch
        ]
        return bool(begun) and epoch <= begun[-1][1]
