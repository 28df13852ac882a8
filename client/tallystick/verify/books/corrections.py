"""Corrections: a quarantined record released once at its cost anew, a settled one credited once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from tallystick.chain.decode import Event
from tallystick.core.corrections import Credit, SettledRecord, check_credit, judge_release
from tallystick.core.errors import FactUnknown, NotCreditable, NotReleasable
from tallystick.core.facts import Facts
from tallystick.verify.books.finding import Finding, compare
from tallystick.verify.verdict import Check

RELEASED: Final = ("Corrections", "RecordReleased")
CREDITED: Final = ("Corrections", "RecordCredited")
CORRECTIONS: Final = frozenset({RELEASED, CREDITED})

Place = tuple[int, int]
"""(meter, sequence number)"""


@dataclass(slots=True)
class CorrectionBook:
    """What was corrected already."""

    released: dict[Place, bool] = field(default_factory=dict)
    credited: dict[Place, bool] = field(default_factory=dict)

    def apply(
        self,
        event: Event,
        records: Mapping[Place, SettledRecord],
        facts: Sequence[Facts],
        now_ms: int,
    ) -> Iterator[Finding]:
        """The book knows of one event of Corrections.

        Args:
            event: of Corrections.
            records: as they settled; those that it corrects.
            facts: as known at the event and, where they changed shortly before, before that: the
                validators judged the record a little earlier.
            now_ms: the event's time.
        """
        args, place = event.args, (event.args["meter"], event.args["seq"])
        what = f"{event.name} of meter {place[0]}, sequence number {place[1]}"
        done = self.released if event.name == "RecordReleased" else self.credited
        if place in done:
            yield Finding(Check.CORRECTIONS, "one correction", "another", what)
        done[place] = True
        settled = records.get(place)
        if settled is None:
            yield Finding(Check.CORRECTIONS, "a settled record", "none", what)
        elif settled.compute_hash() != args["recordHash"]:
            expected, actual = settled.compute_hash().hex(), args["recordHash"].hex()
            yield Finding(Check.CORRECTIONS, expected, actual, f"record hash, {what}")
        elif event.name == "RecordReleased":
            yield from _check_release(args, settled, facts, now_ms, what)
        else:
            yield from _check_credit(args, settled, what)


def _check_release(
    args: Mapping[str, int],
    settled: SettledRecord,
    facts: Sequence[Facts],
    now_ms: int,
    what: str,
) -> Iterator[Finding]:
    actual = tuple(args[name] for name in ("project", "resource", "user", "costUcr"))
    expected: tuple[int, ...] | str = "facts"
    for known in facts:
        try:
            judged = judge_release(settled, known, now_ms)
        except (NotReleasable, FactUnknown) as error:
            expected = error.message
            continue
        expected = (judged.project, judged.resource, judged.user, judged.cost_ucr)
        if expected == actual:
            return
    yield Finding(
        Check.CORRECTIONS, str(expected), str(actual), f"project, resource, user and cost, {what}"
    )


def _check_credit(args: Mapping[str, int], settled: SettledRecord, what: str) -> Iterator[Finding]:
    credit = Credit(
        settled.meter,
        settled.seq,
        args["project"],
        args["costUcr"],
        args["amountUcr"],
        settled.compute_hash(),
        b"",
    )
    try:
        check_credit(credit, settled)
    except NotCreditable as error:
        yield from compare(Check.CORRECTIONS, str(error.expected), str(error.actual), what)
