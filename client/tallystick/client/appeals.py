"""Appeals of cuts, freezes and disputed outcomes: filed, voted on, resolved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec

from tallystick.chain.bindings.appeals import Appeal, AppealKind, Appeals, AppealState, Subject
from tallystick.chain.bindings.seats import Seats
from tallystick.chain.errors import TransactionReverted
from tallystick.client.accounts import AccountTree, load_tree
from tallystick.client.commitments import Commitments
from tallystick.client.errors import KeyMissing, NameUnknown
from tallystick.client.meters import find_meter, load_meters
from tallystick.client.outcome_reports import OutcomeReports
from tallystick.client.signers import find_controller
from tallystick.client.wire import Wire
from tallystick.local.roles import REGISTRAR

MS_PER_S: Final = 1_000


class AppealUnknown(NameUnknown):
    """No appeal has this number."""

    code = "appeal_unknown"


@dataclass(frozen=True)
class AppealSubject:
    """What an appeal is about: a project's cut in an epoch, a meter's freeze, an outcome."""

    kind: AppealKind
    name: str
    """The project's path, or the meter's name."""
    epoch: int = 0
    outcome_kind: str | None = None


class AppealView(msgspec.Struct, frozen=True):
    """An appeal: votes are seats, times in Unix ms.

    `reason` is None where it was written elsewhere; `closes_at` is when
    voting ends at the earliest: never before 50 blocks have passed.
    """

    id: int
    kind: str
    about: str
    epoch: int | None
    state: str
    organisation: str
    for_votes: int
    against_votes: int
    eligible_seats: int
    filed_at: int
    closes_at: int
    reason: str | None
    created: bool = False


class AppealVote(msgspec.Struct, frozen=True):
    """What a seat says to an appeal; `why_not` says why it may not, None where it did."""

    holder: str
    upheld: bool | None
    done_before: bool = False
    why_not: str | None = None


class AppealBook:
    """What is put right when other organisations agree.

    Args:
        wire: the network.
    """

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._appeals = Appeals(wire.address("Appeals"))
        self._seats = Seats(wire.address("Seats"))

    def file(self, subject: AppealSubject, reason: str) -> AppealView:
        """There is an appeal, by a controller of the project or meter; one about the same is kept.

        Args:
            subject: what it is about.
            reason: stays in the folder; its salted hash goes on chain.
        """
        tree = load_tree(self._wire)
        about, account = self._locate(tree, subject)
        for number in range(self._count(), 0, -1):
            found = self._wire.read(self._appeals.appeal_of(number))
            if found.subject == about and found.state is AppealState.OPEN:
                return self._view(tree, number, found)
        content = Commitments(self._wire.folder).commit(f"appeal {subject}", reason)
        signer = find_controller(self._wire, tree, account)
        number = self._wire.send(signer, self._appeals.file(about, content))
        return msgspec.structs.replace(self.appeal(number), created=True)

    def vote(self, number: int, *, uphold: bool) -> list[AppealVote]:
        """Every seat whose key is at hand has voted, those of the appellant's organisation not.

        Raises:
            AppealUnknown: no such appeal.
            KeyMissing: the folder holds no seat.
        """
        self._require(number)
        holders = self._wire.read(self._seats.holders())
        signer = self._wire.signer
        keys = [signer] if signer is not None else self._wire.keys.held(holders)
        if not keys:
            raise KeyMissing("this folder holds no seat", expected="a seat's key, or --as NAME")
        is_chosen = signer is not None
        return [self._vote_as(number, key, uphold=uphold, is_chosen=is_chosen) for key in keys]

    def resolve(self, number: int) -> AppealView:
        """An appeal is decided, and put right where it was upheld; by anyone after the vote."""
        if self._require(number).state is AppealState.OPEN:
            self._wire.send(REGISTRAR, self._appeals.resolve(number))
        return self.appeal(number)

    def appeal(self, number: int) -> AppealView:
        """An appeal as it stands."""
        return self._view(load_tree(self._wire), number, self._require(number))

    def appeals(self) -> list[AppealView]:
        """Every appeal, newest first."""
        return [self.appeal(number) for number in range(self._count(), 0, -1)]

    def _vote_as(self, number: int, key: str, *, uphold: bool, is_chosen: bool) -> AppealVote:
        holder = self._wire.keys.address_of(key)
        if self._wire.read(self._appeals.has_voted(number, holder)):
            return AppealVote(holder, None, done_before=True)
        try:
            self._wire.send(key, self._appeals.vote(number, is_upheld=uphold))
        except TransactionReverted as error:
            if is_chosen or error.error_name not in ("ConflictOfInterest", "NoSeatAtFiling"):
                raise
            return AppealVote(holder, None, why_not=error.message)
        return AppealVote(holder, uphold)

    def _locate(self, tree: AccountTree, subject: AppealSubject) -> tuple[Subject, int]:
        if subject.kind is AppealKind.FREEZE:
            meter = find_meter(self._wire, subject.name)
            return Subject(subject.kind, meter), load_meters(self._wire)[meter].account
        project = tree.require(subject.name)
        kind = 0
        if subject.kind is AppealKind.OUTCOME:
            kind = OutcomeReports(self._wire).find_kind(subject.outcome_kind or "").id
        return Subject(subject.kind, project, subject.epoch, kind), project

    def _count(self) -> int:
        return self._wire.read(self._appeals.appeal_count())

    def _require(self, number: int) -> Appeal:
        count = self._count()
        if not 0 < number <= count:
            raise AppealUnknown("appeal", str(number), map(str, range(1, count + 1)))
        return self._wire.read(self._appeals.appeal_of(number))

    def _view(self, tree: AccountTree, number: int, found: Appeal) -> AppealView:
        subject = found.subject
        folder = self._wire.folder if self._wire.has_folder else None
        return AppealView(
            id=number,
            kind=subject.kind.name.lower(),
            about=self._name(tree, subject),
            epoch=None if subject.kind is AppealKind.FREEZE else subject.epoch,
            state=found.state.name.lower(),
            organisation=tree.path(found.organisation),
            for_votes=found.for_votes,
            against_votes=found.against_votes,
            eligible_seats=found.eligible_seats,
            filed_at=found.filed_at_s * MS_PER_S,
            closes_at=self._wire.read(self._appeals.voting_ends_at_s(number)) * MS_PER_S,
            reason=None if folder is None else Commitments(folder).find(found.commitment),
        )

    def _name(self, tree: AccountTree, subject: Subject) -> str:
        if subject.kind is AppealKind.FREEZE:
            return load_meters(self._wire)[subject.id].name
        return tree.path(subject.id)
