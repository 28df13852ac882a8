"""Attestation, put together from the settings."""

from __future__ import annotations

from fastapi import APIRouter

from tallystick_node.attest.attester import Attester
from tallystick_node.attest.peer_api import create_peer_router
from tallystick_node.basis import Basis
from tallystick_node.peer_gate import PeerGate


def assemble_peer_router(basis: Basis, gate: PeerGate) -> APIRouter:
    """The route on which other validators ask for attestations of batches."""
    attester = Attester(
        basis.keys.attest_signer,
        basis.view,
        network_id=basis.network.network_id,
        chain_id=basis.network.chain_id,
        ledger=basis.ledger,
        clock=basis.view.now_ms,
        reference_wait_s=basis.settings.peers.reference_wait_s,
    )
    return create_peer_router(attester, gate, basis.metrics)
