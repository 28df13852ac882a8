"""Changes of a network's members, as proposals: who joins, who leaves, who has new keys. Pure.

Each of them is a vote on the ledger, and something that operators do on the chain layer before or
after it (`chain_layer`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import yaml

from tallystick.ceremony.decisions import OUTSIDE_ORGANISATIONS
from tallystick.ceremony.errors import ChangeInvalid, MembersTooFew, SeatUnknown
from tallystick.ceremony.members import Member, check_together
from tallystick.client.validators import ValidatorUnknown
from tallystick.core.facts import Validator

MAX_VALIDATORS: Final = 32


class Action(StrEnum):
    """What happens to a member."""

    ADD = "add"
    REMOVE = "remove"
    ROTATE = "rotate"


@dataclass(frozen=True)
class Membership:
    """What holds on the chain: the newest set, which may still be coming, and who votes."""

    version: int
    validators: Sequence[Validator]
    minimum: int
    organisation_by_seat: Mapping[str, int]
    former: frozenset[str] = frozenset()
    """Names of those that were in an earlier set."""

    def find(self, name: str) -> Validator | None:
        """The validator of this name in the newest set."""
        return next((one for one in self.validators if one.name == name), None)


@dataclass(frozen=True)
class Draft:
    """A change to be voted on; `document` is empty where there is nothing left to decide."""

    action: Action
    name: str
    title: str
    document: Mapping[str, Any]

    def format(self) -> str:
        """The proposal's file."""
        return str(yaml.safe_dump(dict(self.document), sort_keys=False, width=100))


def draft_addition(held: Membership, member: Member, organisation: str | None = None) -> Draft:
    """The member's validator joins the set, and its seat votes.

    Args:
        held: what holds now.
        member: from its card.
        organisation: path of the organisation of the ledger that its seat speaks for; None = none
            of them, as the seats of the founders.

    Raises:
        ChangeInvalid: another validator has the name, or the set is full.
        CardsDisagree: a key or URL of the card is another member's.
    """
    known = held.find(member.name)
    if known is not None and known != member.describe():
        raise ChangeInvalid(
            f"{member.name} is a validator already, with other keys",
            expected="`network rotate-key`, or another name",
            actual=known.attester,
        )
    if known is None:
        _check_beside(held, member, held.validators)
        if len(held.validators) >= MAX_VALIDATORS:
            raise ChangeInvalid("the set is full", expected=MAX_VALIDATORS, actual=MAX_VALIDATORS)
    document: dict[str, Any] = {}
    if known is None:
        document["validators"] = {"add": [_describe(member)]}
    if member.seat not in held.organisation_by_seat:
        number = _choose_organisation(held)
        document |= _grant(member.seat, organisation, number)
    return Draft(Action.ADD, member.name, _title("Add validator", held, member.name), document)


def draft_removal(held: Membership, name: str, seat: str | None) -> Draft:
    """The validator leaves the set, and its member's seat votes no longer.

    Args:
        held: what holds now.
        name: whose validator.
        seat: its member's, None = the member keeps its vote.

    Raises:
        ValidatorUnknown: none ever had this name.
        MembersTooFew: fewer would stay than the network asks for.
    """
    document: dict[str, Any] = {}
    if held.find(name) is not None:
        if len(held.validators) <= held.minimum:
            raise MembersTooFew(
                "too few validators would stay",
                expected=f"at least {held.minimum}",
                actual=len(held.validators) - 1,
            )
        document["validators"] = {"remove": [name]}
    elif name not in held.former:
        raise ValidatorUnknown("validator", name, [one.name for one in held.validators])
    if seat is not None and seat in held.organisation_by_seat:
        document["seats"] = {"revoke": [seat]}
    return Draft(Action.REMOVE, name, _title("Remove validator", held, name), document)


def draft_rotation(held: Membership, name: str, member: Member, old_seat: str | None) -> Draft:
    """The validator has the keys of its new card, and the new seat votes in place of the old.

    Args:
        held: what holds now.
        name: whose validator.
        member: from its new card.
        old_seat: the seat it had; None = the card's seat is the one that it has.

    Raises:
        ValidatorUnknown: no validator has this name.
        ChangeInvalid: the card is another member's.
        CardsDisagree: a key of the card is another member's.
        SeatUnknown: the old seat votes for nobody.
    """
    known = held.find(name)
    if known is None:
        raise ValidatorUnknown("validator", name, [one.name for one in held.validators])
    if member.name != name:
        raise ChangeInvalid("the card is another member's", expected=name, actual=member.name)
    document: dict[str, Any] = {}
    if known != member.describe():
        _check_beside(held, member, [one for one in held.validators if one.name != name])
        document["validators"] = {"add": [_describe(member)]}
    if member.seat not in held.organisation_by_seat:
        if old_seat is None or old_seat not in held.organisation_by_seat:
            raise SeatUnknown(
                f"nobody knows which seat {name} has",
                expected="its former card in the folder's cards/, or --seat ADDRESS",
                actual=old_seat or "none",
            )
        document["seats"] = {"revoke": [old_seat]}
        document |= _grant(member.seat, None, held.organisation_by_seat[old_seat])
    return Draft(Action.ROTATE, name, _title("Rotate the keys of", held, name), document)


def find_seat(cards: Sequence[Member], validator: Validator, held: Membership) -> str | None:
    """The seat of a validator's member: on a card with the keys in force, and held on the chain."""
    for member in cards:
        is_same = (member.name, member.attester) == (validator.name, validator.attester)
        if is_same and member.seat in held.organisation_by_seat:
            return member.seat
    return None


def _check_beside(held: Membership, member: Member, others: Sequence[Validator]) -> None:
    """Nothing of the new card is another member's: no key, no URL, no seat."""
    beside = [
        Member(
            format=member.format,
            name=one.name,
            url=one.url,
            attester=one.attester,
            sender=one.sender,
            transport_key=one.transport_key.hex(),
            seat=f"seat of {one.name}",
        )
        for one in others
    ]
    check_together([*beside, member])
    taken = set(held.organisation_by_seat) & {member.attester, member.sender}
    if taken:
        raise ChangeInvalid(
            f"a key of {member.name}'s node votes", expected="keys of its own", actual=min(taken)
        )


def _describe(member: Member) -> dict[str, str]:
    return {
        "name": member.name,
        "url": member.url,
        "attester": member.attester,
        "sender": member.sender,
        "transport_key": f"0x{member.transport_key}",
    }


def _grant(seat: str, organisation: str | None, number: int) -> dict[str, Any]:
    if organisation is not None:
        return {"seats": {"grant": {seat: organisation}}}
    call = {"contract": "Seats", "function": "grantSeat", "args": [seat, str(number)]}
    return {"calls": [call]}


def _choose_organisation(held: Membership) -> int:
    """The highest id that no seat speaks for; accounts are given theirs from 1 on."""
    used = set(held.organisation_by_seat.values())
    return next(
        OUTSIDE_ORGANISATIONS - number
        for number in range(1, len(used) + 2)
        if OUTSIDE_ORGANISATIONS - number not in used
    )


def _title(verb: str, held: Membership, name: str) -> str:
    """Names the set that is changed, so that the same change can be proposed again later."""
    return f"{verb} {name} (after set {held.version})"
