"""Members of tests, whose every key the test holds."""

import asyncio
from dataclasses import dataclass

from coincurve import PrivateKey
from nacl.signing import SigningKey

from tallystick.ceremony.cards import ATTEST, CHAIN, SEAT, SEND, Card
from tallystick.ceremony.joining import prove
from tallystick.ceremony.members import Member
from tallystick.chain.signer import KeySigner


@dataclass(frozen=True)
class MemberKeys:
    """Four keys of the chain by their roles, and the transport key."""

    by_role: dict[str, PrivateKey]
    transport: SigningKey

    def prove(self, member: Member) -> Card:
        """The member's card, signed by these keys, whoever the member says that it is."""
        names = (ATTEST, SEND, SEAT) if member.enode is None else (ATTEST, SEND, SEAT, CHAIN)
        signers = {role: KeySigner(self.by_role[role]) for role in names}
        return asyncio.run(prove(member, signers, self.transport))


def make_keys(number: int) -> MemberKeys:
    """The keys of a member, other ones for every number."""
    roles = (ATTEST, SEND, SEAT, CHAIN)
    secrets = [bytes([number, place + 1]) * 16 for place in range(5)]
    keys = {role: PrivateKey(secret) for role, secret in zip(roles, secrets, strict=False)}
    return MemberKeys(keys, SigningKey(secrets[4]))


def describe(number: int, keys: MemberKeys | None = None, *, chain: bool = True) -> Member:
    """What a member with these keys says about itself."""
    held = keys or make_keys(number)
    address = {role: KeySigner(key).address for role, key in held.by_role.items()}
    public = held.by_role[CHAIN].public_key.format(compressed=False)[1:].hex()
    return Member(
        format=1,
        name=f"member-{number}",
        url=f"https://tally.member-{number}.example:7300",
        attester=address[ATTEST],
        sender=address[SEND],
        transport_key=bytes(held.transport.verify_key).hex(),
        seat=address[SEAT],
        enode=f"enode://{public}@10.0.0.{number}:30303" if chain else None,
    )


def make_card(number: int, *, chain: bool = True) -> Card:
    """A member's card."""
    keys = make_keys(number)
    return keys.prove(describe(number, keys, chain=chain))
