"""Whether this node is a validator in force, which one, and whether a quorum is within reach."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

from tallystick.core.errors import TemporaryFailure
from tallystick.core.facts import Validator
from tallystick.core.quorum import compute_quorum
from tallystick_node.chain_view import ChainView
from tallystick_node.peers.client import PeerClient

PROBE_INTERVAL_S: Final = 1.0
RETRY_INTERVAL_S: Final = 0.1
"""Validators that start together would else miss each other by a second."""


@dataclass(frozen=True, slots=True)
class Membership:
    """The set in force; `index` is this validator's place, None where it is not in it."""

    validators: tuple[Validator, ...] = ()
    index: int | None = None

    @property
    def peers(self) -> list[Validator]:
        """All the others."""
        return [peer for place, peer in enumerate(self.validators) if place != self.index]


class MembershipReader:
    """Reads the set in force at the node's time.

    Args:
        view: of the chain.
        attester: this validator's attestation address, lower case.
    """

    def __init__(self, view: ChainView, attester: str) -> None:
        self._view = view
        self._attester = attester

    def read(self) -> Membership:
        """As of now; empty before any set is known."""
        try:
            validators = self._view.facts.validators_at(self._view.now_ms()).validators
        except TemporaryFailure:
            return Membership()
        addresses = [validator.attester.lower() for validator in validators]
        is_member = self._attester in addresses
        return Membership(validators, addresses.index(self._attester) if is_member else None)

    def is_member(self) -> bool:
        """Whether this validator is in the set in force."""
        return self.read().index is not None


class PeerWatch:
    """Asks every peer now and then whether it is there, so that readiness is known beforehand."""

    def __init__(self, members: MembershipReader, peers: PeerClient) -> None:
        self._members = members
        self._peers = peers

    def has_quorum(self) -> bool:
        """Whether this validator and those that answered when last asked are enough."""
        membership = self._members.read()
        if membership.index is None:
            return False
        reachable = sum(self._peers.is_reachable(peer) for peer in membership.peers)
        return reachable + 1 >= compute_quorum(len(membership.validators))

    def count_reachable(self) -> int:
        """The peers that answered when last asked."""
        return sum(self._peers.is_reachable(peer) for peer in self._members.read().peers)

    def read_clock_offset_ms(self) -> int:
        """This clock minus the median of the peers' clocks; 0 while none of them has said."""
        said = (self._peers.read_ahead_ms(peer) for peer in self._members.read().peers)
        ahead_ms = sorted(each for each in said if each is not None)
        return ahead_ms[len(ahead_ms) // 2] if ahead_ms else 0

    async def step(self) -> None:
        """Every peer that was not heard of lately was asked once."""
        quiet = [peer for peer in self._members.read().peers if self._peers.is_quiet(peer)]
        await asyncio.gather(*(self._peers.probe(peer) for peer in quiet))
        await asyncio.sleep(PROBE_INTERVAL_S if self.has_quorum() else RETRY_INTERVAL_S)
