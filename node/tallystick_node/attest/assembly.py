"""Attestation, put together from the settings."""

from __future__ import annotations

from fastapi import APIRouter

from tallystick_node.attest.attester import Attester
from tallystick_node.attest.peer_api import PeerGate, create_peer_router
from tallystick_node.basis import Basis
from tallystick_node.peers.signing import SeenNonces
from tallystick_node.rates import TokenBuckets


def assemble_peer_router(basis: Basis) -> APIRouter:
    """The routes that other validators ask."""
    limits = basis.settings.peers
    attester = Attester(
        basis.keys.attest_key,
        basis.view,
        network_id=basis.network.network_id,
        chain_id=basis.network.chain_id,
        ledger=basis.ledger,
        clock=basis.clock,
        reference_wait_s=limits.reference_wait_s,
    )
    gate = PeerGate(
        basis.network.network_id,
        basis.members.read,
        TokenBuckets(limits.requests_per_s, limits.burst_requests),
        basis.clock,
        SeenNonces(),
    )
    return create_peer_router(attester, gate, basis.metrics)
