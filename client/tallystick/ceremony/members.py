"""What a member says about itself, and what of it must be its own. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import SplitResult, urlsplit

import msgspec
from coincurve import PublicKey

from tallystick.ceremony.errors import CardInvalid, CardsDisagree
from tallystick.core.facts import Validator
from tallystick.core.hashes import compute_keccak256

FORMAT: Final = 1
MAX_URL_CHARACTERS: Final = 255

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}", re.ASCII)
_ADDRESS: Final = re.compile(r"0x[0-9a-f]{40}", re.ASCII)
_TRANSPORT_KEY: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_PLACE: Final = re.compile(r"[A-Za-z0-9.:\[\]-]{1,253}:(?P<port>\d{1,5})", re.ASCII)
_ENODE: Final = re.compile(r"enode://(?P<key>[0-9a-f]{128})@(?P<place>.{1,260})", re.ASCII)


class Member(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a member says about itself.

    Addresses are 0x and 40 lower-case hex digits, the transport key is 64 of them. `enode` names
    the member's chain node as devp2p does, None where the chain has no such names.
    """

    format: int
    name: str
    url: str
    attester: str
    sender: str
    transport_key: str
    seat: str
    enode: str | None = None

    def describe(self) -> Validator:
        """The member as the validator set names it."""
        return Validator(
            attester=self.attester,
            sender=self.sender,
            transport_key=bytes.fromhex(self.transport_key),
            name=self.name,
            url=self.url,
        )

    @property
    def chain_key(self) -> bytes | None:
        """The 64 bytes of the chain node's public key, None where it has none."""
        return None if self.enode is None else parse_enode(self.enode)

    @property
    def chain_address(self) -> str | None:
        """The address by which the chain knows the member's node as a maker of blocks."""
        key = self.chain_key
        return None if key is None else "0x" + compute_keccak256(key)[12:].hex()

    def addresses(self) -> Iterator[str]:
        """Every address that the member signs for; no two may be one."""
        yield from (self.attester, self.sender, self.seat)
        if self.chain_address is not None:
            yield self.chain_address


def check_member(member: Member) -> None:
    """Every field is well-formed, and no key serves two purposes.

    Raises:
        CardInvalid: one is not, or one does.
    """
    if member.format != FORMAT:
        raise CardInvalid("a card of another version", expected=FORMAT, actual=member.format)
    check_name(member.name)
    check_url(member.url)
    for field in ("attester", "sender", "seat"):
        _require(_ADDRESS, field, getattr(member, field), "0x and 40 lower-case hex digits")
    _require(_TRANSPORT_KEY, "transport_key", member.transport_key, "64 lower-case hex digits")
    addresses = list(member.addresses())
    if len(set(addresses)) != len(addresses):
        raise CardInvalid(
            f"{member.name} uses one key for two purposes",
            expected="attest, send, seat and chain keys that differ",
            actual=next(one for one in addresses if addresses.count(one) > 1),
        )


def check_together(members: Sequence[Member]) -> None:
    """The members can be in one network: nothing that must be one's own is shared.

    Raises:
        CardsDisagree: a name, a URL, a key or a chain node appears twice.
    """
    _require_distinct("name", [member.name for member in members])
    _require_distinct("url", [member.url.rstrip("/").lower() for member in members])
    _require_distinct("key", [one for member in members for one in member.addresses()])
    _require_distinct("transport key", [member.transport_key for member in members])


def parse_enode(enode: str) -> bytes:
    """The 64 bytes of the public key in an enode.

    Raises:
        CardInvalid: it is none.
    """
    match = _require(_ENODE, "enode", enode, "enode://128 lower-case hex digits@HOST:PORT")
    check_place(match["place"])
    key = bytes.fromhex(match["key"])
    try:
        PublicKey(b"\x04" + key)
    except ValueError as error:
        raise CardInvalid("the enode's key is no point of the curve", actual=enode) from error
    return key


def _require(pattern: re.Pattern[str], field: str, value: str, expected: str) -> re.Match[str]:
    match = pattern.fullmatch(value)
    if match is None:
        raise CardInvalid(f"a card's {field} is malformed", expected=expected, actual=value[:80])
    return match


def check_name(name: str) -> None:
    """The contracts take the name of a validator.

    Raises:
        CardInvalid: they would not.
    """
    _require(_NAME, "name", name, "a-z, 0-9, . _ -, at most 63 characters")


def check_place(place: str) -> None:
    """This is where a chain node can be reached: HOST:PORT.

    Raises:
        CardInvalid: it cannot be.
    """
    match = _require(_PLACE, "chain node", place, "HOST:PORT")
    if not 0 < int(match["port"]) < 2**16:
        raise CardInvalid("a chain node's port cannot be", expected="1..65535", actual=place)


def check_url(url: str) -> None:
    """A validator can be reached at the URL, which holds no secret.

    Raises:
        CardInvalid: it is malformed, or holds a password or a query.
    """
    parts = _split_url(url)
    is_plain = parts is not None and not (
        parts.username or parts.password or parts.query or parts.fragment
    )
    if (
        parts is None
        or not is_plain
        or parts.scheme not in {"http", "https"}
        or not parts.hostname
        or len(url) > MAX_URL_CHARACTERS
        or not url.isprintable()
    ):
        raise CardInvalid(
            "a card's url is malformed",
            expected="http:// or https://, a host, no password, no query",
            actual=url[:80],
        )


def _split_url(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts


def _require_distinct(what: str, values: Sequence[str]) -> None:
    for place, value in enumerate(values):
        if value in values[:place]:
            raise CardsDisagree(f"two members have one {what}", expected="their own", actual=value)
