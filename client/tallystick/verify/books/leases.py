"""Leases: what was set aside for each meter, and what settled of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tallystick.chain.decode import Event
from tallystick.core.facts import Facts
from tallystick.verify.books.finding import Finding, compare
from tallystick.verify.verdict import Check


@dataclass(slots=True)
class LeaseBook:
    """Amounts in ucr by (project, meter); only open leases are kept."""

    left_ucr: dict[tuple[int, int], int] = field(default_factory=dict)
    nonces: dict[tuple[int, int], int] = field(default_factory=dict)
    """Of the last opening or extension, whether released since or not."""

    def draw(self, costs_ucr: Mapping[tuple[int, int], int]) -> Counter[int]:
        """The leases are drawn down by what settled; gives how much of it by project.

        Args:
            costs_ucr: of one settlement, by (project, meter).
        """
        drawn_ucr: Counter[int] = Counter()
        for key, cost_ucr in costs_ucr.items():
            if left_ucr := self.left_ucr.get(key, 0):
                covered_ucr = min(left_ucr, cost_ucr)
                self.left_ucr[key] = left_ucr - covered_ucr
                drawn_ucr[key[0]] += covered_ucr
        return drawn_ucr

    def apply(self, event: Event) -> Iterator[Finding]:
        """The book knows of one event of Leases."""
        match event.name:
            case "LeaseOpened":
                yield from self._open(event)
            case "LeaseReleased":
                yield from self._release(event)

    def compute_leased(self, facts: Facts) -> Counter[int]:
        """What is leased of each account: its own leases and those of everything below it."""
        leased_ucr: Counter[int] = Counter()
        for (project, _), left_ucr in self.left_ucr.items():
            for account in facts.path_ids(project):
                leased_ucr[account] += left_ucr
        return leased_ucr

    def _open(self, event: Event) -> Iterator[Finding]:
        args, key = event.args, (event.args["project"], event.args["meter"])
        expected_ucr = self.left_ucr.get(key, 0) + args["amountUcr"]
        yield from compare(
            Check.LEASES, expected_ucr, args["leftUcr"], f"lease of project and meter {key}, ucr"
        )
        nonce = self.nonces.get(key, 0) + 1
        yield from compare(Check.LEASES, nonce, args["nonce"], f"nonce of the lease {key}")
        self.left_ucr[key], self.nonces[key] = args["leftUcr"], args["nonce"]

    def _release(self, event: Event) -> Iterator[Finding]:
        args, key = event.args, (event.args["project"], event.args["meter"])
        yield from compare(
            Check.LEASES,
            self.left_ucr.pop(key, 0),
            args["returnedUcr"],
            f"returned of the lease of project and meter {key}, ucr",
        )
