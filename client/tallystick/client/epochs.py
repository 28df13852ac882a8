"""Replenishment epochs: enrolling projects, cutting and closing epochs, what each was."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from tallystick.chain.bindings.epochs import MAX_PAGE, Epochs, WhyOpen
from tallystick.chain.bindings.outcomes import Outcomes
from tallystick.chain.calls import Write
from tallystick.chain.errors import TransactionReverted
from tallystick.client.accounts import AccountTree, load_tree
from tallystick.client.events import read_events
from tallystick.client.wire import Wire
from tallystick.core.units import UCR_PER_CREDIT
from tallystick.local.roles import REGISTRAR

MS_PER_S: Final = 1_000


class EnrolledView(msgspec.Struct, frozen=True):
    """Where a project stands with its epochs; amounts in ucr."""

    project: str
    first_epoch: int
    next_close: int
    previous_grant: int
    in_review: bool
    created: bool = False


class EpochProject(msgspec.Struct, frozen=True):
    """An epoch of a project: velocity is the pair (value_uusd, credits_ucr), times in Unix ms.

    `state` is open (with `why`), cut or closed; `grant` is what was paid for it in all.
    """

    project: str
    epoch: int
    state: str
    why: str | None
    credits_ucr: int
    value_uusd: int
    base_ucr: int
    grant_ucr: int
    reviewed: bool
    protected: bool
    restored: bool
    closed_at: int | None
    closes_at: int | None


class EpochView(msgspec.Struct, frozen=True):
    """An epoch over all projects; times in Unix ms, amounts in ucr and micro-USD."""

    epoch: int
    running: bool
    ends_at: int
    enrolled: int
    closed: int
    reviews: int
    value_uusd: int
    credits_ucr: int
    granted_ucr: int


class ClosedView(msgspec.Struct, frozen=True):
    """What cutting or closing did: projects done now, and the others with the reason."""

    epoch: int
    done: list[str]
    done_before: list[str]
    open: dict[str, str]


class EpochBook:
    """How balances grow with proven value.

    Args:
        wire: the network.
    """

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._epochs = Epochs(wire.address("Epochs"))
        self._outcomes = Outcomes(wire.address("Outcomes"))

    def current(self) -> int:
        """The running epoch."""
        return self._wire.read(self._outcomes.current_epoch())

    def enrol(self, project: str, first_grant_ucr: int) -> EnrolledView:
        """A project is replenished from the running epoch on; its first grant is paid."""
        account = load_tree(self._wire).require(project)
        is_new = not self._wire.read(self._epochs.enrolment_of(account)).is_enrolled
        if is_new:
            self._wire.send(REGISTRAR, self._epochs.enrol(account, first_grant_ucr))
        found = self._wire.read(self._epochs.enrolment_of(account))
        return EnrolledView(
            project,
            found.first_epoch,
            found.next_close,
            found.previous_grant_ucr,
            found.is_in_review,
            created=is_new,
        )

    def enrolled(self) -> list[EnrolledView]:
        """Every project that is replenished."""
        tree, accounts = load_tree(self._wire), self._list_enrolled()
        found = self._wire.read_all([self._epochs.enrolment_of(account) for account in accounts])
        return [
            EnrolledView(
                tree.path(account),
                one.first_epoch,
                one.next_close,
                one.previous_grant_ucr,
                one.is_in_review,
            )
            for account, one in zip(accounts, found, strict=True)
        ]

    def cut(self, epoch: int, projects: Sequence[str] | None = None) -> ClosedView:
        """What was spent until now counts to an ended epoch; None = every enrolled project."""
        return self._run(epoch, projects, self._epochs.cut, "cut")

    def close(self, epoch: int, projects: Sequence[str] | None = None) -> ClosedView:
        """Grants of an epoch are paid, once its windows are over; None = every enrolled project."""
        return self._run(epoch, projects, self._epochs.close, "closed")

    def show(self, epoch: int, project: str | None = None) -> list[EpochProject]:
        """What an epoch was, or is, for every enrolled project, or one account's."""
        tree = load_tree(self._wire)
        under = None if project is None else tree.require(project)
        accounts = [
            account
            for account in self._list_enrolled()
            if under is None or under in tree.ancestors(account)
        ]
        return [self._view(tree, account, epoch) for account in accounts]

    def epochs(self) -> list[EpochView]:
        """Every epoch since the first project was enrolled, newest first."""
        starts = self._read_starts()
        if not starts:
            return []
        current = self.current()
        ends = self._wire.read_all(
            [self._outcomes.end_of(epoch) for epoch in range(min(starts.values()), current + 1)]
        )
        events = defaultdict(list)
        for event in read_events(self._wire, "Epochs", ["EpochClosed", "ReviewOpened"]):
            events[event.name, event.args["epoch"]].append(event.args)
        views = []
        for epoch, end_s in enumerate(ends, start=min(starts.values())):
            closed = events["EpochClosed", epoch]
            views.append(
                EpochView(
                    epoch=epoch,
                    running=epoch == current,
                    ends_at=end_s * MS_PER_S,
                    enrolled=sum(first <= epoch for first in starts.values()),
                    closed=len(closed),
                    reviews=len(events["ReviewOpened", epoch]),
                    value_uusd=sum(args["valueUusd"] for args in closed),
                    credits_ucr=sum(args["creditsUcr"] for args in closed),
                    granted_ucr=sum(args["grantUcr"] for args in closed),
                )
            )
        return views[::-1]

    def _read_starts(self) -> dict[int, int]:
        events = read_events(self._wire, "Epochs", ["Enrolled"])
        return {event.args["project"]: event.args["epoch"] for event in events}

    def _list_enrolled(self) -> list[int]:
        return sorted(self._read_starts())

    def _run(
        self,
        epoch: int,
        projects: Sequence[str] | None,
        act: Callable[[int, Sequence[int]], Write[tuple[int, ...]]],
        done_state: str,
    ) -> ClosedView:
        tree = load_tree(self._wire)
        names = [tree.path(account) for account in self._list_enrolled()]
        accounts = [tree.require(path) for path in (names if projects is None else projects)]
        states = {account: self._view(tree, account, epoch) for account in accounts}
        finished = ("closed", done_state)
        before = [account for account in accounts if states[account].state in finished]
        waiting = [account for account in accounts if account not in before]
        done: list[int] = []
        for start in range(0, len(waiting), MAX_PAGE):
            page = waiting[start : start + MAX_PAGE]
            if done_state == "cut" or any(states[account].why is None for account in page):
                sent: tuple[int, ...] = self._wire.send(REGISTRAR, act(epoch, page))
                done += sent
        left = [account for account in waiting if account not in done]
        return ClosedView(
            epoch=epoch,
            done=[tree.path(account) for account in done],
            done_before=[tree.path(account) for account in before],
            open={tree.path(account): states[account].why or "open" for account in left},
        )

    def _view(self, tree: AccountTree, account: int, epoch: int) -> EpochProject:
        closing = self._wire.read(self._epochs.closed_of(account, epoch))
        why = self._read_why(account, epoch) if not closing.is_closed else None
        value_uusd = closing.value_uusd
        if not closing.is_closed:
            value_uusd = self._wire.read(self._outcomes.value_of(account, epoch))[0]
        state = "closed" if closing.is_closed else "cut" if closing.is_cut else "open"
        return EpochProject(
            project=tree.path(account),
            epoch=epoch,
            state=state,
            why=None if why in (None, WhyOpen.NOTHING) else why.name.lower(),
            credits_ucr=closing.credits_ucr,
            value_uusd=value_uusd,
            base_ucr=closing.base_ucr,
            grant_ucr=closing.grant_ucr,
            reviewed=closing.is_reviewed,
            protected=closing.is_protected,
            restored=closing.is_restored,
            closed_at=closing.closed_at_s * MS_PER_S or None,
            closes_at=None if closing.is_closed else self._read_end_ms(account, epoch),
        )

    def _read_why(self, account: int, epoch: int) -> WhyOpen:
        return self._wire.read(self._epochs.why_open(account, epoch))

    def _read_end_ms(self, account: int, epoch: int) -> int | None:
        try:
            return self._wire.read(self._epochs.closes_at_s(account, epoch)) * MS_PER_S
        except TransactionReverted:
            return None


def compute_velocity_uusd(value_uusd: int, credits_ucr: int) -> int | None:
    """Micro-USD of value per credit, rounded down, for people; None where nothing was spent."""
    return value_uusd * UCR_PER_CREDIT // credits_ucr if credits_ucr else None
