"""Proposals: written as a YAML diff, voted on by seats, queued, executed, and shown in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from tallystick.chain.bindings.governor import (
    PROPOSER_MARK,
    Governor,
    Proposal,
    ProposalState,
    Support,
    build_proposal,
    compute_proposal_id,
)
from tallystick.chain.bindings.seats import Seats
from tallystick.chain.calls import View
from tallystick.chain.decode import Event
from tallystick.chain.errors import RpcRefused, TransactionReverted
from tallystick.client.accounts import load_tree
from tallystick.client.errors import KeyMissing, NameUnknown
from tallystick.client.events import read_events
from tallystick.client.proposals.changes import Change
from tallystick.client.proposals.documents import load_document
from tallystick.client.proposals.sections import build_calls, describe_call, encode_call
from tallystick.client.proposals.state import Governed
from tallystick.client.wire import Wire
from tallystick.local.roles import REGISTRAR

MS_PER_S: Final = 1_000
HEX_PREFIX: Final = "0x"
SUPPORT_WORDS: Final = {"for": Support.FOR, "against": Support.AGAINST, "abstain": Support.ABSTAIN}


OPEN_STATES: Final = (
    ProposalState.PENDING,
    ProposalState.ACTIVE,
    ProposalState.SUCCEEDED,
    ProposalState.QUEUED,
)
"""Of a proposal whose calls may still happen."""


class ProposalUnknown(NameUnknown):
    """No proposal has this number or id."""

    code = "proposal_unknown"


class SeatView(msgspec.Struct, frozen=True):
    """A seat; `key` is its key in this folder, None where it lies elsewhere."""

    holder: str
    organisation: str
    key: str | None


class VoteView(msgspec.Struct, frozen=True):
    """What a seat says to a proposal; `done_before` where it had voted already."""

    holder: str
    organisation: str
    support: str | None
    done_before: bool = False


class ProposalView(msgspec.Struct, frozen=True):
    """A proposal: `number` counts from 1 on this network, votes are seats, times are Unix ms."""

    number: int
    id: str
    title: str
    state: str
    proposer: str
    for_votes: int
    against_votes: int
    abstain_votes: int
    quorum: int | None
    votes_from: int
    votes_until: int
    executable_at: int | None


class ProposalDetail(msgspec.Struct, frozen=True):
    """A proposal with its votes and what it changes: compared with now, or with just before it."""

    proposal: ProposalView
    description: str
    changes: list[Change]
    votes: list[VoteView]


class Proposed(msgspec.Struct, frozen=True):
    """A proposal that exists now; `created` tells whether it did not before."""

    proposal: ProposalView
    changes: list[Change]
    created: bool


@dataclass(frozen=True, slots=True)
class _Known:
    number: int
    id: int
    proposal: Proposal
    event: Event


class Governance:
    """What seats decide.

    Args:
        wire: the network.
    """

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._governor = Governor(wire.address("NetworkGovernor"))
        self._seats = Seats(wire.address("Seats"))

    def preview(self, text: str) -> list[Change]:
        """What a proposal's file would change, compared with what holds now.

        Raises:
            ProposalInvalid: the file names what there is not, or changes nothing.
        """
        return self._describe(self._draft(text, "", HEX_PREFIX))

    def propose(self, text: str, title: str) -> Proposed:
        """The seats can vote on what a file says; by the first seat whose key is at hand.

        Args:
            text: the parameters in YAML, see docs/governance.md.
            title: what it is about and why; the same file under the same title is one proposal.

        Raises:
            ProposalInvalid: see `preview`.
            KeyMissing: the folder holds no seat.
        """
        seat = self._choose_seat()
        draft = self._draft(text, title, self._wire.keys.address_of(seat))
        changes = self._describe(draft)
        proposal_id = compute_proposal_id(draft)
        created = self._read_state(proposal_id) is None
        if created:
            self._wire.send(seat, self._governor.propose(draft))
        return Proposed(self._view(self._find(hex(proposal_id))), changes, created)

    def find_open(self, text: str) -> ProposalView | None:
        """The proposal on which this is being decided, whoever made it; None where there is none.

        Args:
            text: the parameters in YAML, as for `propose`.

        Raises:
            ProposalInvalid: see `preview`.
        """
        wanted = _list_calls(self._draft(text, "", HEX_PREFIX))
        for known in reversed(self._load()):
            if _list_calls(known.proposal) == wanted and self._read_state(known.id) in OPEN_STATES:
                return self._view(known)
        return None

    def vote(self, name: str, support: str = "for") -> list[VoteView]:
        """Every seat whose key is at hand has voted, or the one that the client signs with.

        Args:
            name: the proposal's number or id.
            support: for, against or abstain.

        Raises:
            ProposalUnknown: no such proposal.
            KeyMissing: the folder holds no seat.
        """
        known = self._find(name)
        seats = {self._wire.keys.address_of(seat): seat for seat in self._held_seats()}
        organisations = self._read_organisations(list(seats))
        votes: list[VoteView] = []
        for holder, seat in seats.items():
            has_voted = self._wire.read(self._governor.has_voted(known.id, holder))
            if not has_voted:
                write = self._governor.cast_vote(known.id, SUPPORT_WORDS[support])
                self._wire.send(seat, write)
            word = None if has_voted else support
            votes.append(VoteView(holder, organisations[holder], word, has_voted))
        return votes

    def queue(self, name: str) -> ProposalView:
        """A proposal that passed waits out the timelock; by anyone."""
        known = self._find(name)
        if self._read_state(known.id) not in (ProposalState.QUEUED, ProposalState.EXECUTED):
            self._wire.send(REGISTRAR, self._governor.queue(known.proposal))
        return self._view(known)

    def execute(self, name: str) -> ProposalView:
        """A queued proposal has happened, all of it; by anyone after the timelock's delay."""
        known = self._find(name)
        if self._read_state(known.id) is not ProposalState.EXECUTED:
            self._wire.send(REGISTRAR, self._governor.execute(known.proposal))
        return self._view(known)

    def proposals(self) -> list[ProposalView]:
        """Every proposal, newest first."""
        return [self._view(known) for known in reversed(self._load())]

    def show(self, name: str) -> ProposalDetail:
        """A proposal with what it changes and who voted how."""
        known = self._find(name)
        return ProposalDetail(
            self._view(known),
            known.proposal.description.partition(PROPOSER_MARK)[0].strip(),
            self._describe_as_executed(known),
            self._read_votes(known.id),
        )

    def seats(self) -> list[SeatView]:
        """Everyone who votes."""
        holders = self._wire.read(self._seats.holders())
        organisations = self._read_organisations(holders)
        return [SeatView(who, organisations[who], self._key_of(who)) for who in holders]

    def _draft(self, text: str, title: str, proposer: str) -> Proposal:
        state = Governed(self._wire)
        calls = build_calls(state, load_document(text))
        description = f"{title}\n\n{text.strip()}".strip()
        return build_proposal([encode_call(state, call) for call in calls], description, proposer)

    def _describe_as_executed(self, known: _Known) -> list[Change]:
        """What an executed proposal changed, where the node still knows the block before it."""
        for event in read_events(self._wire, "NetworkGovernor", ["ProposalExecuted"]):
            if event.args["proposalId"] == known.id:
                try:
                    return self._describe(known.proposal, event.block - 1)
                except RpcRefused:
                    break
        return self._describe(known.proposal)

    def _describe(self, proposal: Proposal, block: int | None = None) -> list[Change]:
        state = Governed(self._wire, block)
        return [
            change
            for target, data in zip(proposal.targets, proposal.calldatas, strict=True)
            for change in describe_call(state, target, data)
        ]

    def _load(self) -> list[_Known]:
        events = read_events(self._wire, "NetworkGovernor", ["ProposalCreated"])
        return [
            _Known(
                number,
                event.args["proposalId"],
                Proposal(
                    tuple(event.args["targets"]),
                    tuple(event.args["calldatas"]),
                    event.args["description"],
                ),
                event,
            )
            for number, event in enumerate(events, start=1)
        ]

    def _find(self, name: str) -> _Known:
        known = self._load()
        for one in known:
            if name == str(one.number) or name.lower() == hex(one.id):
                return one
        raise ProposalUnknown("proposal", name, [str(one.number) for one in known])

    def _read_state(self, proposal_id: int) -> ProposalState | None:
        try:
            return self._wire.read(self._governor.state(proposal_id))
        except TransactionReverted:
            return None

    def _view(self, known: _Known) -> ProposalView:
        governor, event = self._governor, known.event
        views: list[View[Any]] = [
            governor.state(known.id),
            governor.votes(known.id),
            governor.deadline_s(known.id),
            governor.executable_at_s(known.id),
        ]
        state, tally, deadline_s, eta_s = self._wire.read_all(views)
        return ProposalView(
            number=known.number,
            id=hex(known.id),
            title=known.proposal.description.splitlines()[0],
            state=state.name.lower(),
            proposer=event.args["proposer"],
            for_votes=tally.in_favour,
            against_votes=tally.against,
            abstain_votes=tally.abstaining,
            quorum=self._read_quorum(event.args["voteStart"]),
            votes_from=event.args["voteStart"] * MS_PER_S,
            votes_until=deadline_s * MS_PER_S,
            executable_at=eta_s * MS_PER_S if eta_s else None,
        )

    def _read_quorum(self, snapshot_s: int) -> int | None:
        try:
            return self._wire.read(self._governor.quorum(snapshot_s))
        except TransactionReverted:  # the snapshot is not in the past yet
            return None

    def _read_votes(self, proposal_id: int) -> list[VoteView]:
        words = {int(support): word for word, support in SUPPORT_WORDS.items()}
        support_by_holder = {
            event.args["voter"]: words[event.args["support"]]
            for event in read_events(self._wire, "NetworkGovernor", ["VoteCast"])
            if event.args["proposalId"] == proposal_id
        }
        organisations = self._read_organisations(list(support_by_holder))
        return [
            VoteView(holder, organisations[holder], support)
            for holder, support in support_by_holder.items()
        ]

    def _read_organisations(self, holders: Sequence[str]) -> dict[str, str]:
        """Paths of the organisations that these seats speak for now, empty for none."""
        views = [self._seats.organisation_of(holder) for holder in holders]
        tree = load_tree(self._wire)
        numbers = self._wire.read_all(views)
        return {who: tree.path(number) for who, number in zip(holders, numbers, strict=True)}

    def _held_seats(self) -> list[str]:
        if self._wire.signer is not None:
            return [self._wire.signer]
        holders = self._wire.read(self._seats.holders())
        held = self._wire.keys.held(holders)
        if not held:
            raise KeyMissing("this folder holds no seat", expected="a seat's key, or --as NAME")
        return held

    def _choose_seat(self) -> str:
        return self._held_seats()[0]

    def _key_of(self, holder: str) -> str | None:
        return next(iter(self._wire.keys.held([holder])), None) if self._wire.has_folder else None


def _list_calls(proposal: Proposal) -> list[tuple[str, bytes]]:
    targets = (target.lower() for target in proposal.targets)
    return list(zip(targets, proposal.calldatas, strict=True))
