"""Epochs: every grant again from what was spent and achieved, and the exploration pool's share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from tallystick.chain.decode import Event
from tallystick.core.replenishment import (
    Judgement,
    Minting,
    ReplenishmentTerms,
    compute_grant,
    compute_minting,
)
from tallystick.verify.books.finding import Finding, compare
from tallystick.verify.books.outcomes import OutcomeBook
from tallystick.verify.verdict import Check

MAX_GRANT_UCR: Final = 2**80 - 1

Place = tuple[int, int]
"""(project, epoch)"""


@dataclass(slots=True)
class Closed:
    """A closed epoch of a project."""

    credits_ucr: int
    value_uusd: int
    base_ucr: int
    grant_ucr: int
    is_protected: bool


@dataclass(slots=True)
class EpochBook:
    """Where every project stands with its epochs."""

    terms: dict[int, ReplenishmentTerms] = field(default_factory=dict)
    """By the first epoch they hold for."""
    spent_ucr: dict[int, int] = field(default_factory=dict)
    """Lifetime spent at the last cut, by project."""
    next_cut: dict[int, int] = field(default_factory=dict)
    next_close: dict[int, int] = field(default_factory=dict)
    """Epochs by project: each is cut and closed in turn, from the one it was enrolled in."""
    credits_ucr: dict[Place, int] = field(default_factory=dict)
    """Of epochs that are cut and not closed."""
    previous_grant_ucr: dict[int, int] = field(default_factory=dict)
    closed: dict[Place, Closed] = field(default_factory=dict)
    minting: Minting = field(default_factory=Minting)
    granted_ucr: int = 0
    """All grants paid, as far as the pool's share was not taken of them yet."""

    def apply(
        self, event: Event, outcomes: OutcomeBook, *, lifetime_ucr: int, is_protected: bool
    ) -> Iterator[Finding]:
        """The book knows of one event of Epochs.

        Args:
            event: of Epochs.
            outcomes: as they stand.
            lifetime_ucr: what its project has spent so far, where it has one.
            is_protected: whether an experiment protects the project in the event's epoch.
        """
        args = event.args
        match event.name:
            case "TermsSet":
                self.terms[args["fromEpoch"]] = ReplenishmentTerms(*args["terms"])
            case "Enrolled":
                self.spent_ucr[args["project"]] = lifetime_ucr
                self.next_cut[args["project"]] = self.next_close[args["project"]] = args["epoch"]
                self.previous_grant_ucr[args["project"]] = args["firstGrantUcr"]
                self.granted_ucr += args["firstGrantUcr"]
            case "EpochCut":
                yield from self._cut(args, lifetime_ucr)
            case "EpochClosed":
                yield from self._close(args, outcomes, is_protected=is_protected)
            case "GrantRestored":
                yield from self._restore(args, outcomes)
            case "ExplorationMinted":
                yield from self._mint(args)

    def _terms_at(self, epoch: int) -> ReplenishmentTerms | None:
        known = [first for first in self.terms if first <= epoch]
        return self.terms[max(known)] if known else None

    def _cut(self, args: Any, lifetime_ucr: int) -> Iterator[Finding]:  # noqa: ANN401 - event arguments
        project, epoch = args["project"], args["epoch"]
        yield from _compare_turn(self.next_cut, project, epoch, "cut")
        credits_ucr = lifetime_ucr - self.spent_ucr.get(project, 0)
        yield from compare(
            Check.GRANTS,
            credits_ucr,
            args["creditsUcr"],
            f"spent by project {project} in epoch {epoch}, ucr",
        )
        self.spent_ucr[project] = lifetime_ucr
        self.credits_ucr[project, epoch] = args["creditsUcr"]

    def _close(
        self,
        args: Any,  # noqa: ANN401 - event arguments
        outcomes: OutcomeBook,
        *,
        is_protected: bool,
    ) -> Iterator[Finding]:
        place = project, epoch = args["project"], args["epoch"]
        what = f"project {project}, epoch {epoch}"
        yield from _compare_turn(self.next_close, project, epoch, "closed")
        credits_ucr = self.credits_ucr.pop(place, 0)
        value_uusd = outcomes.compute_value_uusd(place)
        yield from compare(Check.GRANTS, value_uusd, args["valueUusd"], f"value of {what}, uUSD")
        yield from compare(Check.GRANTS, credits_ucr, args["creditsUcr"], f"spent by {what}, ucr")
        closed = Closed(
            args["creditsUcr"],
            args["valueUusd"],
            args["baseUcr"],
            args["grantUcr"],
            args["isProtected"],
        )
        previous_ucr = self.previous_grant_ucr.get(project, 0)
        judgement = self._judge(epoch, previous_ucr, closed, is_protected=False)
        keeps = judgement is not None and judgement.is_low and is_protected
        if keeps:
            judgement = self._judge(epoch, previous_ucr, closed, is_protected=True)
        if judgement is None:
            yield Finding(Check.GRANTS, "terms", "none", f"{what} closed without terms")
        else:
            yield from _compare_grant(judgement, closed, what, is_protected=keeps)
            if judgement.is_judged:
                self.previous_grant_ucr[project] = min(closed.grant_ucr, MAX_GRANT_UCR)
        self.closed[place] = closed
        self.granted_ucr += closed.grant_ucr

    def _judge(
        self, epoch: int, previous_ucr: int, closed: Closed, *, is_protected: bool
    ) -> Judgement | None:
        terms = self._terms_at(epoch)
        if terms is None:
            return None
        return compute_grant(
            terms,
            previous_grant_ucr=previous_ucr,
            credits_ucr=closed.credits_ucr,
            value_uusd=closed.value_uusd,
            is_protected=is_protected,
        )

    def _restore(self, args: Any, outcomes: OutcomeBook) -> Iterator[Finding]:  # noqa: ANN401 - event arguments
        """An upheld appeal: of the cut, which is undone, or of an outcome, which counts again."""
        place = project, epoch = args["project"], args["epoch"]
        what = f"project {project}, epoch {epoch}"
        closed = self.closed.get(place)
        if closed is None:
            yield Finding(Check.GRANTS, "a closed epoch", "none", f"{what} restored")
            return
        expected_ucr = closed.base_ucr
        if args["valueUusd"] != closed.value_uusd:
            counted_uusd = outcomes.compute_value_uusd(place)
            yield from compare(
                Check.GRANTS, counted_uusd, args["valueUusd"], f"value of {what} now, uUSD"
            )
            closed.value_uusd = args["valueUusd"]
            judgement = self._judge(
                epoch, closed.base_ucr, closed, is_protected=closed.is_protected
            )
            expected_ucr = judgement.grant_ucr if judgement else 0
        added_ucr = args["grantUcr"] - closed.grant_ucr
        yield from compare(
            Check.GRANTS, expected_ucr, args["grantUcr"], f"grant restored to {what}, ucr"
        )
        yield from compare(
            Check.GRANTS, added_ucr, args["addedUcr"], f"added to the grant of {what}, ucr"
        )
        closed.grant_ucr = args["grantUcr"]
        previous_ucr = self.previous_grant_ucr.get(project, 0) + added_ucr
        self.previous_grant_ucr[project] = min(previous_ucr, MAX_GRANT_UCR)
        self.granted_ucr += args["addedUcr"]

    def _mint(self, args: Any) -> Iterator[Finding]:  # noqa: ANN401 - event arguments
        """The pool's share of what was granted, exact over all of it."""
        terms = self._terms_at(args["epoch"])
        share_ppm = terms.exploration_ppm if terms else 0
        minting = compute_minting(self.minting, args["grantedUcr"], share_ppm)
        added_ucr = minting.exploration_ucr - self.minting.exploration_ucr
        yield from compare(
            Check.EXPLORATION, added_ucr, args["addedUcr"], "exploration credits minted, ucr"
        )
        self.minting = minting
        self.granted_ucr -= args["grantedUcr"]

    def check_shared(self) -> Iterator[Finding]:
        """At the end of a block the pool had its share of every grant."""
        yield from compare(
            Check.EXPLORATION, 0, self.granted_ucr, "grants without the pool's share, ucr"
        )
        self.granted_ucr = 0


def _compare_turn(turns: dict[int, int], project: int, epoch: int, done: str) -> Iterator[Finding]:
    """The epoch is the one whose turn it is."""
    what = f"epoch of project {project} that is {done}"
    yield from compare(Check.GRANTS, turns.get(project, "none"), epoch, what)
    turns[project] = epoch + 1


def _compare_grant(
    judgement: Judgement, closed: Closed, what: str, *, is_protected: bool
) -> Iterator[Finding]:
    yield from compare(Check.GRANTS, judgement.base_ucr, closed.base_ucr, f"base of {what}, ucr")
    yield from compare(Check.GRANTS, judgement.grant_ucr, closed.grant_ucr, f"grant of {what}, ucr")
    yield from compare(
        Check.GRANTS, str(is_protected), str(closed.is_protected), f"protection of {what}"
    )
