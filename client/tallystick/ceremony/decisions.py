"""What a founding decides, written down before anything is sent. Pure.

Everybody may know all of it, and whoever holds it and the cards can check what was deployed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from tallystick.ceremony.errors import MembersTooFew
from tallystick.ceremony.members import Member, check_together
from tallystick.chain.config import NetworkConfig
from tallystick.chain.wiring import Founding, Seat

FORMAT: Final = 1
OUTSIDE_ORGANISATIONS: Final = 1 << 32
"""Account ids are given from 1 on; members' seats speak for the last ones, so that they may vote
on appeals of every organisation of the ledger."""


class Agreement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What all members have to want: a repeated founding must say the same."""

    config: str
    """Name of the folder in chain-config."""
    chain_id: int
    genesis_hash: str
    registrar: str
    guardian: str
    members: list[Member]
    """By name, which is the order of their indices in the validator set."""


class Decisions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """founding.json: the agreement, and what was chosen to carry it out."""

    format: int
    agreement: Agreement
    network_id: str
    """32 bytes in hex."""
    deployer: str
    first_nonce: int
    """Of the deployer's first transaction for this network; the others follow without a gap."""
    start_block: int
    """The newest block before anything was sent."""

    def describe(self) -> Founding:
        """What the contracts are told, and what they are read back against."""
        members = self.agreement.members
        return Founding(
            network_id=bytes.fromhex(self.network_id),
            validators=tuple(member.describe() for member in members),
            registrar=self.agreement.registrar,
            guardian=self.agreement.guardian,
            seats=tuple(
                Seat(member.seat, OUTSIDE_ORGANISATIONS - number)
                for number, member in enumerate(members, start=1)
            ),
        )


def order_members(members: Sequence[Member], config: NetworkConfig) -> list[Member]:
    """The members in the order of their indices, if they can found a network.

    Raises:
        MembersTooFew: fewer than the configuration asks for.
        CardsDisagree: two of them share what must be one's own.
    """
    if len(members) < config.validators.minimum:
        raise MembersTooFew(
            "too few members to found a network",
            expected=f"at least {config.validators.minimum} cards",
            actual=len(members),
        )
    check_together(members)
    return sorted(members, key=lambda member: member.name)
