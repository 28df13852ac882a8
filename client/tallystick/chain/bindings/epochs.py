"""Grants by proven value, as the Epochs contract pays them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from enum import IntEnum
from functools import partial
from typing import Any, Final

from tallystick.chain.calls import View, Write, announced, first, nothing, view, write
from tallystick.chain.decode import Event
from tallystick.core.replenishment import ReplenishmentTerms

MAX_PAGE: Final = 60
"""Projects that one call of cut or close takes at most: closing them stays below 10 M gas."""

_view = partial(view, "Epochs")
_write = partial(write, "Epochs")


class WhyOpen(IntEnum):
    """Why a project's epoch cannot close now."""

    NOTHING = 0
    NOT_ENROLLED = 1
    CLOSED_ALREADY = 2
    EARLIER_EPOCH_OPEN = 3
    WINDOW_OPEN = 4
    OUTCOME_PENDING = 5


@dataclass(frozen=True, slots=True)
class Enrolment:
    """Where a project stands with its epochs. Amounts in ucr.

    `review_epoch` opened the review the project is in; meaningless outside one.
    """

    is_enrolled: bool
    first_epoch: int
    next_cut: int
    next_close: int
    last_spent_ucr: int
    previous_grant_ucr: int
    is_in_review: bool
    review_epoch: int


@dataclass(frozen=True, slots=True)
class Closing:
    """What an epoch was for a project: velocity is the pair (value_uusd, credits_ucr)."""

    is_cut: bool
    is_closed: bool
    is_reviewed: bool
    is_protected: bool
    is_restored: bool
    closed_at_s: int
    credits_ucr: int
    value_uusd: int
    base_ucr: int
    grant_ucr: int


@dataclass(frozen=True, slots=True)
class Epochs:
    """The Epochs contract at an address."""

    address: str

    def outcomes(self) -> View[str]:
        """The Outcomes contract's address."""
        return _view(self.address, "outcomes", shape=first)

    def experiments(self) -> View[str]:
        """The Experiments contract's address."""
        return _view(self.address, "experiments", shape=first)

    def terms_at(self, epoch: int) -> View[ReplenishmentTerms]:
        """The terms that hold in an epoch."""
        return _view(self.address, "termsAt", epoch, shape=lambda v: ReplenishmentTerms(*v[0]))

    def enrolment_of(self, project: int) -> View[Enrolment]:
        """Where a project stands."""
        return _view(self.address, "enrolmentOf", project, shape=lambda v: Enrolment(*v[0]))

    def enrolment_allowance_of(self, organisation: int) -> View[tuple[int, int]]:
        """What the registrar may pay in first grants in all, and has paid, in ucr."""
        shape = _pair
        return _view(self.address, "enrolmentAllowanceOf", organisation, shape=shape)

    def closed_of(self, project: int, epoch: int) -> View[Closing]:
        """What an epoch was for a project; all zero before its cut."""
        return _view(self.address, "closedOf", project, epoch, shape=lambda v: Closing(*v[0]))

    def is_closed_for(self, project: int, epoch: int) -> View[bool]:
        """Whether an epoch is closed for a project."""
        return _view(self.address, "isClosedFor", project, epoch, shape=first)

    def why_open(self, project: int, epoch: int) -> View[WhyOpen]:
        """Why an epoch cannot be closed for a project now."""
        return _view(self.address, "whyOpen", project, epoch, shape=lambda v: WhyOpen(v[0]))

    def closes_at_s(self, project: int, epoch: int) -> View[int]:
        """When the epoch's windows end for a project, in Unix seconds, as far as known now."""
        return _view(self.address, "closesAtS", project, epoch, shape=first)

    def minted_by_epochs(self) -> View[tuple[int, int]]:
        """General credits granted to projects and exploration credits to the pool, in ucr."""
        return _view(self.address, "mintedByEpochs", shape=_pair)

    def enrol(self, project: int, first_grant_ucr: int) -> Write[None]:
        """The project is replenished from now on, its first grant is paid. By the registrar."""
        return _write(self.address, "enrol", project, first_grant_ucr, outcome=nothing)

    def set_enrolment_allowance(self, organisation: int, amount_ucr: int) -> Write[None]:
        """The registrar may pay this much in first grants in all. By governance."""
        values = (organisation, amount_ucr)
        return _write(self.address, "setEnrolmentAllowance", *values, outcome=nothing)

    def set_terms(self, terms: ReplenishmentTerms) -> Write[int]:
        """These terms hold from the next epoch on; gives that epoch. By governance."""
        outcome = announced("TermsSet", "fromEpoch")
        return _write(self.address, "setTerms", astuple(terms), outcome=outcome)

    def set_experiments(self, experiments: str) -> Write[None]:
        """This Experiments contract says who is protected. By governance."""
        return _write(self.address, "setExperiments", experiments, outcome=nothing)

    def cut(self, epoch: int, projects: Sequence[int]) -> Write[tuple[int, ...]]:
        """What was spent counts to the epoch; gives the projects it was cut for. By anyone."""
        outcome = partial(_projects_of, "EpochCut")
        return _write(self.address, "cut", epoch, list(projects), outcome=outcome)

    def close(self, epoch: int, projects: Sequence[int]) -> Write[tuple[int, ...]]:
        """Grants are paid; gives the projects the epoch was closed for. By anyone."""
        outcome = partial(_projects_of, "EpochClosed")
        return _write(self.address, "close", epoch, list(projects), outcome=outcome)


def _pair(values: tuple[Any, ...]) -> tuple[int, int]:
    return values[0], values[1]


def _projects_of(name: str, events: tuple[Event, ...]) -> tuple[int, ...]:
    return tuple(event.args["project"] for event in events if event.name == name)
