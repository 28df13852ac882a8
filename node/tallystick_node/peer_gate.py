"""Who may ask this validator to attest: the others in force, once each request, not too often."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import Request

from tallystick_node.basis import Basis
from tallystick_node.clock import Clock
from tallystick_node.errors import NotAttesting, RateLimited
from tallystick_node.membership import Membership
from tallystick_node.peers.signing import PeerHeaders, PeerRequest, SeenNonces, verify_request
from tallystick_node.rates import TokenBuckets


@dataclass(slots=True)
class PeerGate:
    """Lets through what a validator in force signed for this one, once, at a bounded rate.

    Args:
        network_id: 32 bytes.
        read_membership: the set in force, and this node's index in it.
        rates: per peer.
        clock: this node's.
    """

    network_id: bytes
    read_membership: Callable[[], Membership]
    rates: TokenBuckets
    clock: Clock
    nonces: SeenNonces

    def check_rate(self, claims: PeerHeaders) -> None:
        """The claimed sender may send now.

        Raises:
            RateLimited: not before a moment has passed.
        """
        wait_ms = self.rates.compute_wait_ms(claims.sender, 1, self.clock())
        if wait_ms:
            raise RateLimited(
                "a validator asks too often",
                retry_after_s=-(-wait_ms // 1000),
                expected="fewer requests",
            )

    def admit(self, request: Request, claims: PeerHeaders, body: bytes) -> int:
        """The request is authentic and new; this validator's index.

        Raises:
            NotAttesting, PeerUnknown, PeerReplayed.
        """
        membership = self.read_membership()
        if membership.index is None:
            raise NotAttesting("this validator is not in the set in force")
        signed = PeerRequest(
            self.network_id,
            request.method,
            request.url.path,
            membership.index,
            claims.time_ms,
            claims.nonce,
            body,
        )
        verify_request(claims, signed, membership.validators)
        self.nonces.check_fresh(claims, self.clock())
        self.rates.take(claims.sender, 1, self.clock())
        return membership.index


def create_peer_gate(basis: Basis) -> PeerGate:
    """The one gate of a node, whichever route a peer asks."""
    limits = basis.settings.peers
    return PeerGate(
        basis.network.network_id,
        basis.members.read,
        TokenBuckets(limits.requests_per_s, limits.burst_requests),
        basis.clock,
        SeenNonces(),
    )
