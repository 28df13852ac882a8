"""A member's card: the public half of its keys, each of which signed it. Pure.

Whoever holds a card knows that its maker holds every key that it names; nobody can put another's
key on a card of their own. It says nothing about who the maker is: members compare cards over a
channel that they trust (docs/operations/ceremony.md).
"""

from __future__ import annotations

from typing import Final

import msgspec
from coincurve import PublicKey
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from tallystick.ceremony.errors import CardInvalid
from tallystick.ceremony.members import Member, check_member
from tallystick.core.attestation import SECP256K1_ORDER, compute_address
from tallystick.core.hashes import compute_keccak256

DOMAIN: Final = b"tallystick/card/v1"
MAX_CARD_BYTES: Final = 16_384
SIGNATURE_BYTES: Final = 65
ATTEST, SEND, TRANSPORT, SEAT, CHAIN = "attest", "send", "transport", "seat", "chain"


class Card(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a member says, and a signature by each of its keys, in hex by the key's role."""

    member: Member
    proofs: dict[str, str]


def compute_proof_message(member: Member, role: str) -> bytes:
    """What the key of a role signs to prove that it is the member's.

    It begins as no transaction, no EIP-712 message and no request between validators does, so
    that a signature on a card is worth nothing anywhere else.
    """
    return b"\n".join((DOMAIN, role.encode(), msgspec.json.encode(member)))


def compute_fingerprint(card: Card) -> str:
    """What members read out to each other to know that they hold the same card.

    16 bytes of the keccak-256 of what the card says, in groups of four hex digits.
    """
    digest = compute_keccak256(DOMAIN, msgspec.json.encode(card.member))[:16].hex()
    return " ".join(digest[place : place + 4] for place in range(0, len(digest), 4))


def decode_card(content: bytes) -> Card:
    """The card in a file's bytes, every proof on it checked.

    Raises:
        CardInvalid: no card, a field that cannot be, or a key that did not sign.
    """
    if len(content) > MAX_CARD_BYTES:
        raise CardInvalid("a card is too long", expected=MAX_CARD_BYTES, actual=len(content))
    try:
        card = msgspec.json.decode(content, type=Card)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CardInvalid(
            "this is no card", expected="a card as JSON", actual=str(error)
        ) from error
    check_card(card)
    return card


def encode_card(card: Card) -> bytes:
    """The card as the bytes of its file."""
    return msgspec.json.format(msgspec.json.encode(card)) + b"\n"


def check_card(card: Card) -> None:
    """Every field of the card can be, and every key that it names signed it.

    Raises:
        CardInvalid: says which field, or whose signature is missing or wrong.
    """
    check_member(card.member)
    member = card.member
    expected = {ATTEST: member.attester, SEND: member.sender, SEAT: member.seat}
    if member.chain_address is not None:
        expected[CHAIN] = member.chain_address
    roles = {*expected, TRANSPORT}
    if set(card.proofs) != roles:
        raise CardInvalid(
            f"{member.name}'s card lacks a proof, or has one too many",
            expected=", ".join(sorted(roles)),
            actual=", ".join(sorted(card.proofs)),
        )
    for role, address in expected.items():
        signer = _recover(card, role)
        if signer != address:
            raise CardInvalid(
                f"{member.name}'s {role} key did not sign the card", expected=address, actual=signer
            )
    _check_transport(card)


def _recover(card: Card, role: str) -> str | None:
    """Whose key made a proof, None where it is no signature."""
    signature = _decode_hex(card.proofs[role])
    digest = compute_keccak256(compute_proof_message(card.member, role))
    s = int.from_bytes(signature[32:64], "big")
    if len(signature) != SIGNATURE_BYTES or not 0 < s <= SECP256K1_ORDER // 2:
        return None
    try:
        return compute_address(PublicKey.from_signature_and_message(signature, digest, hasher=None))
    except ValueError:
        return None


def _check_transport(card: Card) -> None:
    message = compute_proof_message(card.member, TRANSPORT)
    key = VerifyKey(bytes.fromhex(card.member.transport_key))
    try:
        key.verify(message, _decode_hex(card.proofs[TRANSPORT]))
    except (BadSignatureError, ValueError) as error:
        raise CardInvalid(
            f"{card.member.name}'s transport key did not sign the card",
            expected=card.member.transport_key,
        ) from error


def _decode_hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""
