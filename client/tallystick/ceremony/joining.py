"""A member joins: its keys are made in its own folder, and only their public halves leave it.

A member's folder, NAME being the member and its keys of generation 2 and later named NAME.2 and so
on:

    NAME.card.json        what the others get
    keys/NAME.json        where its node finds its keys
    keys/NAME/*.json      attest, send and transport key, each encrypted
    keys/seat.key         votes for the member
    keys/chain/key        its chain node's, where it has one
    network.json          once the network is founded: a copy of everybody's
    nodes/NAME/           its node's settings and data
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
from coincurve import PrivateKey
from nacl.signing import SigningKey

from tallystick.ceremony.card_files import list_cards, read_card
from tallystick.ceremony.cards import (
    ATTEST,
    CHAIN,
    SEAT,
    SEND,
    TRANSPORT,
    Card,
    compute_proof_message,
    encode_card,
)
from tallystick.ceremony.errors import MemberExists
from tallystick.ceremony.members import (
    FORMAT,
    Member,
    check_member,
    check_name,
    check_place,
    check_url,
)
from tallystick.chain.key_sources import KeysFile, KeySource
from tallystick.chain.keys import read_private, write_private
from tallystick.chain.keystore import is_keystore, read_keystore, write_keystore
from tallystick.chain.signer import KeySigner, Signer
from tallystick.core.attestation import compute_address
from tallystick.local.files import make_private_folder, write_atomically
from tallystick.local.folder import NetworkFolder

FIRST_GENERATION: Final = 1
MAX_GENERATION: Final = 999
CHAIN_KEY: Final = Path("chain", "key")


@dataclass(frozen=True)
class Joining:
    """What a member decides about itself.

    Args:
        name: as the others will know it.
        url: where its validator answers.
        chain_node: HOST:PORT at which its chain node speaks to the others', None for none.
        chain_key: that node's key file; None = one in the folder, made where there is none.
        passphrase: encrypts every key; None leaves them bare, for rehearsals.
        generation: which set of keys; the next one replaces those in use by a vote.
    """

    name: str
    url: str
    chain_node: str | None = None
    chain_key: Path | None = None
    passphrase: str | None = None
    generation: int = FIRST_GENERATION

    def __repr__(self) -> str:
        return f"Joining({self.name!r}, {self.url!r}, generation={self.generation})"


@dataclass(frozen=True)
class Joined:
    """A member's card, where it lies, and whether it was made just now."""

    card: Card
    path: Path
    created: bool


def name_keys(name: str, generation: int) -> str:
    """What the keys of a generation are called in the folder."""
    return name if generation == FIRST_GENERATION else f"{name}.{generation}"


def name_seat_key(generation: int) -> str:
    """The name by which commands sign with the member's seat (`--as seat`)."""
    return SEAT if generation == FIRST_GENERATION else f"{SEAT}.{generation}"


def locate_card(root: Path, name: str, generation: int = FIRST_GENERATION) -> Path:
    """Where a member's own card lies."""
    return root / f"{name_keys(name, generation)}.card.json"


def join(root: Path, joining: Joining) -> Joined:
    """The folder holds the member's keys and its card; repeating gives the same card.

    A call that broke off is taken up where it stopped: keys that were made are kept.

    Args:
        root: the member's own folder, made where there is none.
        joining: what the member decides.

    Raises:
        MemberExists: the folder is another member's, or this card says something else.
        CardInvalid: a name, URL or chain node that cannot be.
        PassphraseWrong: the folder's keys were encrypted with another one.
    """
    folder = NetworkFolder(root)
    with folder.locked():
        path = locate_card(root, joining.name, joining.generation)
        _refuse_others(root, joining)
        if path.exists():
            return Joined(_check_same(read_card(path), joining), path, created=False)
        check_name(joining.name)  # what can be refused is refused before a key is made
        check_url(joining.url)
        if joining.chain_node is not None:
            check_place(joining.chain_node)
        make_private_folder(folder.keys)
        card = asyncio.run(_make_card(folder, joining))
        write_atomically(path, encode_card(card))
    return Joined(card, path, created=True)


async def prove(member: Member, signers: Mapping[str, Signer], transport_key: SigningKey) -> Card:
    """The member's card, signed by each of its keys.

    Args:
        member: what it says.
        signers: by role: attest, send, seat, and chain where it names a chain node.
        transport_key: its own.
    """
    proofs = {
        role: (await signer.sign(compute_proof_message(member, role))).hex()
        for role, signer in signers.items()
    }
    proofs[TRANSPORT] = transport_key.sign(compute_proof_message(member, TRANSPORT)).signature.hex()
    return Card(member, proofs)


async def _make_card(folder: NetworkFolder, joining: Joining) -> Card:
    keys = name_keys(joining.name, joining.generation)
    home = make_private_folder(folder.keys / keys)
    phrase = joining.passphrase
    secrets = {role: _ensure_key(home / f"{role}.json", phrase) for role in (ATTEST, SEND)}
    secrets[SEAT] = _ensure_key(folder.role_key(name_seat_key(joining.generation)), phrase)
    if joining.chain_node is not None:
        secrets[CHAIN] = _ensure_key(joining.chain_key or _place_chain_key(folder), None)
    transport = SigningKey(_ensure_key(home / f"{TRANSPORT}.json", phrase, is_chain_key=False))
    _write_keys_file(folder.validator_keys(keys), home, phrase)
    signers = {role: KeySigner(PrivateKey(secret)) for role, secret in secrets.items()}
    member = Member(
        format=FORMAT,
        name=joining.name,
        url=joining.url.rstrip("/"),
        attester=signers[ATTEST].address,
        sender=signers[SEND].address,
        transport_key=bytes(transport.verify_key).hex(),
        seat=signers[SEAT].address,
        enode=_format_enode(secrets[CHAIN], joining.chain_node) if CHAIN in secrets else None,
    )
    check_member(member)
    return await prove(member, signers, transport)


def _format_enode(secret: bytes, place: str | None) -> str:
    key = PrivateKey(secret).public_key.format(compressed=False)[1:]
    return f"enode://{key.hex()}@{place}"


def _place_chain_key(folder: NetworkFolder) -> Path:
    path = folder.keys / CHAIN_KEY
    make_private_folder(path.parent)
    return path


def _ensure_key(path: Path, passphrase: str | None, *, is_chain_key: bool = True) -> bytes:
    """The secret in a file, made where there was none."""
    if path.exists():
        return _read_key(path, passphrase)
    secret = PrivateKey().secret if is_chain_key else bytes(SigningKey.generate())
    if passphrase is None:
        write_private(path, secret.hex().encode())
    else:
        address = compute_address(PrivateKey(secret).public_key) if is_chain_key else None
        write_keystore(path, secret, passphrase, address=address)
    return secret


def _read_key(path: Path, passphrase: str | None) -> bytes:
    content = read_private(path)
    if is_keystore(content):
        return read_keystore(path, passphrase or "")
    return bytes.fromhex(content.decode().strip().removeprefix("0x"))


def _write_keys_file(path: Path, home: Path, passphrase: str | None) -> None:
    """Where the node finds each key; a rehearsal's bare keys lie in the file itself."""
    if path.exists():
        return
    sources: list[str | KeySource] = [
        (home / f"{role}.json").read_text()
        if passphrase is None
        else KeySource(keystore=f"{home.name}/{role}.json")
        for role in (ATTEST, SEND, TRANSPORT)
    ]
    write_private(path, msgspec.json.format(msgspec.json.encode(KeysFile(*sources))))


def _refuse_others(root: Path, joining: Joining) -> None:
    for card in list_cards(root):
        if card.member.name != joining.name:
            raise MemberExists(
                "the folder is another member's",
                expected=card.member.name,
                actual=joining.name,
            )


def _check_same(card: Card, joining: Joining) -> Card:
    if card.member.url != joining.url.rstrip("/"):
        raise MemberExists(
            f"{joining.name} has a card already; a new one has new keys (--generation)",
            expected=card.member.url,
            actual=joining.url,
        )
    place = None if card.member.enode is None else card.member.enode.rpartition("@")[2]
    if place != joining.chain_node:
        raise MemberExists(
            f"{joining.name} has a card already, with another chain node",
            expected=place or "none",
            actual=joining.chain_node or "none",
        )
    return card
