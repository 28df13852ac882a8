"""Changes of members put to the vote, and what there is to do beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from typing import Final

import msgspec

from tallystick.ceremony.card_files import CARDS, keep_cards, list_cards
from tallystick.ceremony.cards import Card
from tallystick.ceremony.chain_layer import Step, list_steps
from tallystick.ceremony.changes import (
    Draft,
    Membership,
    draft_addition,
    draft_removal,
    draft_rotation,
    find_seat,
)
from tallystick.ceremony.errors import SeatUnknown
from tallystick.ceremony.members import Member
from tallystick.chain.bindings.seats import Seats
from tallystick.chain.config import load_network_config
from tallystick.client import Client
from tallystick.client.governance import OPEN_STATES, ProposalView
from tallystick.client.proposals.changes import Change
from tallystick.client.wire import Wire

PROPOSED, PROPOSED_BEFORE = "proposed", "proposed_before"
IN_FORCE, COMING, PREVIEWED = "in_force", "coming", "previewed"
_OPEN: Final = frozenset(state.name.lower() for state in OPEN_STATES)


class ChangeView(msgspec.Struct, frozen=True):
    """A change of members: how far it is, what is voted on, and what operators do beside it.

    `state` is proposed, proposed_before, previewed, coming (decided, not in force yet) or in_force.
    """

    action: str
    member: str
    state: str
    proposal: ProposalView | None
    changes: list[Change]
    steps: list[Step]


Announce = Callable[[Draft, list[Change]], None]
"""Tells the caller what is about to be proposed."""


class MemberChanges:
    """Who joins, leaves or gets new keys, by a vote of the seats.

    Args:
        client: of the network, with a seat's key at hand.
        root: the network's folder, with the members' cards.
        announce: called before something is proposed.
        preview: nothing is proposed.
    """

    def __init__(
        self, client: Client, root: Path, announce: Announce, *, preview: bool = False
    ) -> None:
        self._client = client
        self._root = root
        self._announce = announce
        self._preview = preview
        self._held, self._is_coming = read_membership(client.wire)
        self._known = [
            card.member for folder in (root, root / CARDS) for card in list_cards(folder)
        ]

    def add(self, card: Card, organisation: str | None = None) -> ChangeView:
        """The seats vote on the member joining; see `changes.draft_addition`."""
        draft = draft_addition(self._held, card.member, organisation)
        return self._decide(draft, None, card)

    def remove(self, name: str, seat: str | None = None, *, keep_seat: bool = False) -> ChangeView:
        """The seats vote on the member leaving; see `changes.draft_removal`.

        Args:
            name: whose validator leaves.
            seat: its seat, None = the one on its card.
            keep_seat: the member goes on voting.

        Raises:
            SeatUnknown: no card in the folder says which seat is the member's.
        """
        held = seat or self._find_seat(name)
        if held is None and not keep_seat and self._held.find(name) is not None:
            raise SeatUnknown(
                f"nobody knows which seat {name} has",
                expected="its card in the folder's cards/, --seat ADDRESS or --keep-seat",
            )
        draft = draft_removal(self._held, name, None if keep_seat else held)
        return self._decide(draft, self._find_member(name), None)

    def rotate(self, name: str, card: Card, seat: str | None = None) -> ChangeView:
        """The seats vote on the member's new keys; see `changes.draft_rotation`."""
        draft = draft_rotation(self._held, name, card.member, seat or self._find_seat(name))
        return self._decide(draft, self._find_member(name, apart_from=card.member), card)

    def _decide(self, draft: Draft, old: Member | None, card: Card | None) -> ChangeView:
        network = self._client.wire.folder.read_network()
        engine = load_network_config("local" if network is None else network.config).engine
        steps = list_steps(engine, draft.action, old, None if card is None else card.member)
        if not draft.document:
            state = COMING if self._is_coming else IN_FORCE
            return ChangeView(draft.action, draft.name, state, None, [], steps)
        proposal, changes, state = self._propose(draft)
        if card is not None and not self._preview:
            keep_cards(self._root, [card])
        return ChangeView(draft.action, draft.name, state, proposal, changes, steps)

    def _propose(self, draft: Draft) -> tuple[ProposalView | None, list[Change], str]:
        governance, text = self._client.governance, draft.format()
        changes = governance.preview(text)
        known = governance.find_open(text)
        if known is not None:
            return known, changes, PROPOSED_BEFORE
        if self._preview:
            return None, changes, PREVIEWED
        self._announce(draft, changes)
        # What was voted down may be proposed again, under another title: a title and its calls are
        # one proposal for ever.
        for attempt in count(1):
            title = draft.title if attempt == 1 else f"{draft.title}, attempt {attempt}"
            done = governance.propose(text, title)
            if done.created or done.proposal.state in _OPEN:
                return done.proposal, changes, PROPOSED
        raise AssertionError

    def _find_seat(self, name: str) -> str | None:
        validator = self._held.find(name)
        if validator is not None:
            return find_seat(self._known, validator, self._held)
        cards = [member for member in self._known if member.name == name]
        held = [member.seat for member in cards if member.seat in self._held.organisation_by_seat]
        return next(iter(held), None)

    def _find_member(self, name: str, apart_from: Member | None = None) -> Member | None:
        """The card of a member as it is, or as it was before the change."""
        validator = self._held.find(name)
        cards = [one for one in self._known if one.name == name and one != apart_from]
        current = [
            one for one in cards if validator is not None and one.attester == validator.attester
        ]
        return next(iter([*current, *cards]), None)


def read_membership(wire: Wire) -> tuple[Membership, bool]:
    """What holds on the chain, and whether its newest set is still to come into force."""
    validators, seats = wire.validators, Seats(wire.address("Seats"))
    version = wire.read(validators.version_count())
    minimum = wire.read(validators.minimum_size())
    holders = wire.read(seats.holders())
    sets = wire.read_all([validators.validators_of(number + 1) for number in range(version)])
    organisations = wire.read_all([seats.organisation_of(holder) for holder in holders])
    members, from_ms = sets[-1]
    held = Membership(
        version=version,
        validators=members,
        minimum=minimum,
        organisation_by_seat=_lower(holders, organisations),
        former=frozenset(one.name for former, _ in sets for one in former),
    )
    return held, from_ms > wire.clock()


def _lower(holders: Sequence[str], organisations: Sequence[int]) -> dict[str, int]:
    return {who.lower(): number for who, number in zip(holders, organisations, strict=True)}
