"""Cards: every key on them signed them, and nothing that must be one's own is shared."""

import msgspec
import pytest
from msgspec.structs import replace
from tests.unit.ceremony.members import describe, make_card, make_keys

from tallystick.ceremony.cards import (
    DOMAIN,
    MAX_CARD_BYTES,
    Card,
    compute_proof_message,
    decode_card,
    encode_card,
)
from tallystick.ceremony.errors import CardInvalid, CardsDisagree
from tallystick.ceremony.members import check_together

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
ROLES = ("attest", "send", "seat", "chain", "transport")


def flip(proof: str) -> str:
    return f"{int(proof[:2], 16) ^ 1:02x}{proof[2:]}"


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{}", b"\xff\xfe", b'{"member":{},"proofs":{}}', b"x" * (MAX_CARD_BYTES + 1)],
)
def test_decode_card_refuses_when_bytes_are_no_card(content: bytes) -> None:
    with pytest.raises(CardInvalid):
        decode_card(content)


def test_decode_card_refuses_unknown_fields() -> None:
    document = msgspec.json.decode(encode_card(make_card(1)))
    document["member"]["attest_key"] = "11" * 32
    with pytest.raises(CardInvalid):
        decode_card(msgspec.json.encode(document))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("format", 2),
        ("name", "Acme"),
        ("name", "a" * 64),
        ("url", "ftp://tally.example"),
        ("url", "https://user:secret@tally.example"),
        ("url", "https://tally.example/?token=1"),
        ("url", "https://:7300"),
        ("url", "https://tally.example:99999"),
        ("url", f"https://{'a' * 250}.example"),
        ("attester", "0x" + "A" * 40),
        ("sender", "1" * 42),
        ("seat", ""),
        ("transport_key", "0x" + "1" * 62),
        ("enode", "enode://" + "1" * 128 + "@10.0.0.1:30303"),
        ("enode", "enode://" + "1" * 127 + "@10.0.0.1:30303"),
    ],
)
def test_decode_card_refuses_when_a_field_cannot_be(field: str, value: object) -> None:
    keys = make_keys(1)
    card = keys.prove(replace(describe(1, keys), **{field: value}))
    with pytest.raises(CardInvalid, match=r"malformed|another version|no point"):
        decode_card(encode_card(card))


@pytest.mark.parametrize("port", ["0", "65536", "x"])
def test_decode_card_refuses_when_the_chain_nodes_port_cannot_be(port: str) -> None:
    member = describe(1)
    assert member.enode is not None
    place = member.enode.rpartition(":")[0]
    card = make_keys(1).prove(replace(member, enode=f"{place}:{port}"))
    with pytest.raises(CardInvalid, match=r"port cannot be|chain node is malformed"):
        decode_card(encode_card(card))


def test_decode_card_refuses_when_one_key_serves_two_purposes() -> None:
    keys = make_keys(1)
    keys.by_role["send"] = keys.by_role["attest"]
    card = keys.prove(describe(1, keys))
    with pytest.raises(CardInvalid, match="two purposes"):
        decode_card(encode_card(card))


def test_decode_card_refuses_when_the_seat_is_the_chain_nodes_key() -> None:
    keys = make_keys(1)
    keys.by_role["seat"] = keys.by_role["chain"]
    with pytest.raises(CardInvalid, match="two purposes"):
        decode_card(encode_card(keys.prove(describe(1, keys))))


@pytest.mark.parametrize("role", ROLES)
def test_decode_card_refuses_when_another_key_signed(role: str) -> None:
    card = make_card(1)
    other = make_keys(2).prove(card.member)
    proofs = {**card.proofs, role: other.proofs[role]}
    with pytest.raises(CardInvalid, match=f"{role} key did not sign"):
        decode_card(encode_card(Card(card.member, proofs)))


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("proof", ["", "00", "zz", "00" * 65, "ff" * 65, "00" * 64])
def test_decode_card_refuses_when_a_proof_is_no_signature(role: str, proof: str) -> None:
    card = make_card(1)
    with pytest.raises(CardInvalid, match="did not sign"):
        decode_card(encode_card(Card(card.member, {**card.proofs, role: proof})))


@pytest.mark.parametrize("role", ROLES)
def test_decode_card_refuses_when_a_proof_is_missing(role: str) -> None:
    card = make_card(1)
    proofs = {name: proof for name, proof in card.proofs.items() if name != role}
    with pytest.raises(CardInvalid, match="lacks a proof"):
        decode_card(encode_card(Card(card.member, proofs)))


def test_decode_card_refuses_when_a_proof_was_made_for_another_role() -> None:
    keys, member = make_keys(1), describe(1)
    swapped = make_keys(1)
    swapped.by_role["attest"] = keys.by_role["send"]
    card = keys.prove(member)
    proof = swapped.prove(member).proofs["attest"]
    with pytest.raises(CardInvalid, match="send key did not sign"):
        decode_card(encode_card(Card(member, {**card.proofs, "send": proof})))


def test_decode_card_refuses_when_a_field_was_changed_after_signing() -> None:
    card = make_card(1)
    member = replace(card.member, url="https://elsewhere.example")
    with pytest.raises(CardInvalid, match="did not sign"):
        decode_card(encode_card(Card(member, card.proofs)))


def test_decode_card_refuses_the_other_form_of_a_signature() -> None:
    card = make_card(1)
    raw = bytes.fromhex(card.proofs["seat"])
    s = ORDER - int.from_bytes(raw[32:64], "big")
    proof = (raw[:32] + s.to_bytes(32, "big") + bytes([raw[64] ^ 1])).hex()
    with pytest.raises(CardInvalid, match="seat key did not sign"):
        decode_card(encode_card(Card(card.member, {**card.proofs, "seat": proof})))


@pytest.mark.parametrize("chain", [True, False])
def test_decode_card_gives_back_what_was_encoded(chain: bool) -> None:
    card = make_card(1, chain=chain)
    assert decode_card(encode_card(card)) == card
    assert (card.member.chain_address is None) is not chain


def test_proof_message_begins_as_nothing_else_that_a_key_signs() -> None:
    message = compute_proof_message(describe(1), "send")
    assert message.startswith(DOMAIN)
    # RLP lists begin at 0xc0, typed transactions below 0x80 with 1 to 4, EIP-712 with 0x19.
    assert message[0] == ord("t")


def test_check_together_passes_when_nothing_is_shared() -> None:
    check_together([describe(number) for number in range(1, 6)])


@pytest.mark.parametrize("field", ["name", "url", "attester", "transport_key", "seat", "enode"])
def test_check_together_refuses_when_two_members_share(field: str) -> None:
    one, two = describe(1), describe(2)
    shared = replace(two, **{field: getattr(one, field)})
    with pytest.raises(CardsDisagree):
        check_together([one, describe(3), shared])


def test_check_together_refuses_when_ones_attest_key_is_anothers_seat() -> None:
    one, two = describe(1), describe(2)
    with pytest.raises(CardsDisagree):
        check_together([one, replace(two, seat=one.attester)])
