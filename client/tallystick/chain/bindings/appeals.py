"""Appeals and the votes on them, as the Appeals contract counts them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from enum import IntEnum
from functools import partial
from typing import Any

from tallystick.chain.calls import View, Write, announced, first, nothing, view, write

_view = partial(view, "Appeals")
_write = partial(write, "Appeals")


class AppealKind(IntEnum):
    """What can be appealed."""

    CUT = 1
    FREEZE = 2
    OUTCOME = 3


class AppealState(IntEnum):
    """How an appeal stands."""

    UNKNOWN = 0
    OPEN = 1
    UPHELD = 2
    REJECTED = 3


@dataclass(frozen=True, slots=True)
class Subject:
    """What an appeal is about.

    `id` is the project's account id, the meter's id for a freeze; a freeze has no epoch (0), and
    only an outcome has an outcome kind.
    """

    kind: AppealKind
    id: int
    epoch: int = 0
    outcome_kind: int = 0


@dataclass(frozen=True, slots=True)
class Appeal:
    """An appeal. Times are Unix seconds; votes are seats."""

    subject: Subject
    state: AppealState
    appellant: str
    organisation: int
    event_at_s: int
    filed_at_s: int
    eligible_seats: int
    for_votes: int
    against_votes: int
    commitment: bytes


@dataclass(frozen=True, slots=True)
class Appeals:
    """The Appeals contract at an address."""

    address: str

    def appeal_count(self) -> View[int]:
        """How many appeals were filed."""
        return _view(self.address, "appealCount", shape=first)

    def appeal_of(self, appeal: int) -> View[Appeal]:
        """An appeal; reverts where there is none."""
        return _view(self.address, "appealOf", appeal, shape=lambda v: _appeal(v[0]))

    def voting_ends_at_s(self, appeal: int) -> View[int]:
        """When voting on an appeal ends, given the halts seen so far."""
        return _view(self.address, "votingEndsAtS", appeal, shape=first)

    def has_voted(self, appeal: int, holder: str) -> View[bool]:
        """Whether a seat voted on an appeal."""
        return _view(self.address, "hasVoted", appeal, holder, shape=first)

    def window_s(self) -> View[int]:
        """Seconds after the event in which an appeal can be filed."""
        return _view(self.address, "windowS", shape=first)

    def voting_s(self) -> View[int]:
        """Seconds that seats vote."""
        return _view(self.address, "votingS", shape=first)

    def file(self, subject: Subject, commitment: bytes) -> Write[int]:
        """There is an appeal; gives its number. By a controller of the project or meter.

        Args:
            subject: what it is about.
            commitment: 32 bytes, the salted hash of the reasons.
        """
        values = (astuple(subject), commitment)
        outcome = announced("AppealFiled", "appeal")
        return _write(self.address, "file", *values, outcome=outcome)

    def vote(self, appeal: int, *, is_upheld: bool) -> Write[None]:
        """A seat has voted. By whoever held one of another organisation when it was filed."""
        return _write(self.address, "vote", appeal, is_upheld, outcome=nothing)

    def resolve(self, appeal: int) -> Write[bool]:
        """An appeal is decided; gives whether it was upheld, and if so put right. By anyone."""
        outcome = announced("AppealResolved", "isUpheld")
        return _write(self.address, "resolve", appeal, outcome=outcome)


def _appeal(values: Sequence[Any]) -> Appeal:
    (kind, *about), state, *rest = values
    return Appeal(Subject(AppealKind(kind), *about), AppealState(state), *rest)
