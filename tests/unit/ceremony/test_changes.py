"""Changes of members as proposals: what is voted on, and what cannot be."""

from typing import Any

import pytest
import yaml
from msgspec.structs import replace
from tests.unit.ceremony.members import describe, make_keys

from tallystick.ceremony.changes import (
    MAX_VALIDATORS,
    Membership,
    draft_addition,
    draft_removal,
    draft_rotation,
    find_seat,
)
from tallystick.ceremony.errors import CardsDisagree, ChangeInvalid, MembersTooFew, SeatUnknown
from tallystick.client.proposals.documents import load_document
from tallystick.client.validators import ValidatorUnknown

OUTSIDE = 1 << 32


def hold(count: int = 5, *, minimum: int = 4, **changes: Any) -> Membership:  # noqa: ANN401
    """A network of members 1 to `count`, each with a seat."""
    members = [describe(number) for number in range(1, count + 1)]
    values: dict[str, Any] = {
        "version": 3,
        "validators": tuple(member.describe() for member in members),
        "minimum": minimum,
        "organisation_by_seat": {
            member.seat: OUTSIDE - number for number, member in enumerate(members, start=1)
        },
        "former": frozenset({"member-9", *(member.name for member in members)}),
    }
    return Membership(**(values | changes))


def test_addition_names_the_validator_and_gives_its_seat_the_next_outside_organisation() -> None:
    new = describe(6)
    draft = draft_addition(hold(), new)
    assert draft.document == {
        "validators": {
            "add": [
                {
                    "name": "member-6",
                    "url": new.url,
                    "attester": new.attester,
                    "sender": new.sender,
                    "transport_key": f"0x{new.transport_key}",
                }
            ]
        },
        "calls": [
            {"contract": "Seats", "function": "grantSeat", "args": [new.seat, str(OUTSIDE - 6)]}
        ],
    }
    assert draft.title == "Add validator member-6 (after set 3)"


def test_addition_takes_the_place_of_an_organisation_that_left() -> None:
    held = hold()
    seats = dict(held.organisation_by_seat)
    del seats[describe(2).seat]
    draft = draft_addition(hold(organisation_by_seat=seats), describe(6))
    assert draft.document["calls"][0]["args"][1] == str(OUTSIDE - 2)


def test_addition_gives_the_seat_to_an_organisation_of_the_ledger_when_named() -> None:
    new = describe(6)
    document = draft_addition(hold(), new, "org").document
    assert document["seats"] == {"grant": {new.seat: "org"}}
    assert "calls" not in document


def test_addition_changes_nothing_when_it_is_in_force() -> None:
    assert draft_addition(hold(), describe(5)).document == {}


def test_addition_grants_the_seat_alone_when_only_that_is_missing() -> None:
    held = hold()
    seats = dict(held.organisation_by_seat)
    del seats[describe(5).seat]
    document = draft_addition(hold(organisation_by_seat=seats), describe(5)).document
    assert list(document) == ["calls"]


def test_addition_refuses_the_name_of_another_validator() -> None:
    with pytest.raises(ChangeInvalid, match="is a validator already"):
        draft_addition(hold(), replace(describe(6), name="member-5"))


def test_addition_refuses_when_the_set_is_full() -> None:
    with pytest.raises(ChangeInvalid, match="full"):
        draft_addition(hold(MAX_VALIDATORS), describe(MAX_VALIDATORS + 1))
    assert draft_addition(hold(MAX_VALIDATORS - 1), describe(MAX_VALIDATORS)).document


@pytest.mark.parametrize("field", ["url", "attester", "sender", "transport_key"])
def test_addition_refuses_what_is_another_members(field: str) -> None:
    with pytest.raises(CardsDisagree):
        draft_addition(hold(), replace(describe(6), **{field: getattr(describe(2), field)}))


@pytest.mark.parametrize("field", ["attester", "sender"])
def test_addition_refuses_a_node_with_the_key_of_a_seat(field: str) -> None:
    with pytest.raises(ChangeInvalid, match="votes"):
        draft_addition(hold(), replace(describe(6), **{field: describe(2).seat}))


def test_removal_takes_the_validator_and_its_seat() -> None:
    document = draft_removal(hold(), "member-2", describe(2).seat).document
    assert document == {
        "validators": {"remove": ["member-2"]},
        "seats": {"revoke": [describe(2).seat]},
    }


def test_removal_leaves_the_seat_when_told_so() -> None:
    assert list(draft_removal(hold(), "member-2", None).document) == ["validators"]


def test_removal_refuses_when_too_few_would_stay() -> None:
    with pytest.raises(MembersTooFew) as caught:
        draft_removal(hold(4), "member-2", None)
    assert (caught.value.expected, caught.value.actual) == ("at least 4", 3)


def test_removal_changes_nothing_when_it_is_in_force() -> None:
    assert draft_removal(hold(4), "member-9", describe(9).seat).document == {}


def test_removal_revokes_the_seat_alone_when_only_that_is_left() -> None:
    seats = {**hold().organisation_by_seat, describe(9).seat: OUTSIDE - 9}
    draft = draft_removal(hold(organisation_by_seat=seats), "member-9", describe(9).seat)
    assert draft.document == {"seats": {"revoke": [describe(9).seat]}}


def test_removal_refuses_a_name_that_there_never_was() -> None:
    with pytest.raises(ValidatorUnknown):
        draft_removal(hold(), "member-7", None)


def rotated(number: int = 2) -> Any:  # noqa: ANN401 - a Member
    keys = make_keys(number + 100)
    return replace(describe(number + 100, keys), name=f"member-{number}", url=describe(number).url)


def test_rotation_replaces_every_key_and_keeps_the_organisation() -> None:
    new = rotated()
    document = draft_rotation(hold(), "member-2", new, describe(2).seat).document
    assert document["validators"]["add"][0]["attester"] == new.attester
    assert document["seats"] == {"revoke": [describe(2).seat]}
    assert document["calls"][0]["args"] == [new.seat, str(OUTSIDE - 2)]


def test_rotation_keeps_the_seat_when_the_card_does() -> None:
    new = replace(rotated(), seat=describe(2).seat)
    document = draft_rotation(hold(), "member-2", new, describe(2).seat).document
    assert list(document) == ["validators"]


def test_rotation_changes_nothing_when_it_is_in_force() -> None:
    assert draft_rotation(hold(), "member-2", describe(2), None).document == {}


def test_rotation_refuses_when_nobody_knows_the_seat() -> None:
    for seat in (None, describe(9).seat):
        with pytest.raises(SeatUnknown):
            draft_rotation(hold(), "member-2", rotated(), seat)


def test_rotation_refuses_another_members_card_or_keys() -> None:
    with pytest.raises(ChangeInvalid, match="another member's"):
        draft_rotation(hold(), "member-2", describe(6), describe(2).seat)
    with pytest.raises(ValidatorUnknown):
        draft_rotation(hold(), "member-7", describe(7), None)
    for field in ("attester", "sender", "transport_key"):
        stolen = replace(rotated(), **{field: getattr(describe(3), field)})
        with pytest.raises(CardsDisagree):
            draft_rotation(hold(), "member-2", stolen, describe(2).seat)


def test_find_seat_trusts_only_a_card_with_the_keys_in_force() -> None:
    held, two = hold(), describe(2)
    validator = two.describe()
    old = replace(two, attester=describe(9).attester, seat=describe(3).seat)
    gone = replace(two, seat=describe(9).seat)
    assert find_seat([old, gone, two], validator, held) == two.seat
    assert find_seat([old, gone], validator, held) is None


def test_draft_reads_back_as_it_was_written() -> None:
    draft = draft_addition(hold(), describe(6))
    assert yaml.safe_load(draft.format()) == draft.document
    assert load_document(draft.format()) == draft.document  # every value stays text
