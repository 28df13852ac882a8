"""Quorum acts, put together from the settings."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass

from fastapi import APIRouter

from tallystick_node.acts.api import (
    BURST_REQUESTS,
    REQUESTS_PER_S,
    ClientGate,
    create_correction_router,
)
from tallystick_node.acts.desk import ActContractAddresses, ActDesk, Electorate
from tallystick_node.acts.freezing import Freezer
from tallystick_node.acts.judge import ActContracts, ActJudge, CreditSigners, RecordSource
from tallystick_node.acts.peer_api import create_act_peer_router
from tallystick_node.basis import Basis
from tallystick_node.peer_gate import PeerGate
from tallystick_node.peers.client import PeerClient
from tallystick_node.peers.collect import Collector
from tallystick_node.peers.question import find_suspended
from tallystick_node.rates import TokenBuckets
from tallystick_node.relay import CallRelay


@dataclass(frozen=True, slots=True)
class Acts:
    """The parts of the stage that the node wires."""

    judge: ActJudge
    desk: ActDesk
    freezer: Freezer


def assemble_acts(
    basis: Basis,
    records: RecordSource,
    signers: CreditSigners,
    peers: PeerClient,
    relay: CallRelay,
    stack: AsyncExitStack,
) -> Acts:
    """The stage; what it asked peers is ended with the stack."""
    addresses = basis.network.addresses
    contracts = ActContracts(
        basis.network.network_id,
        basis.network.chain_id,
        _to_bytes(addresses.corrections),
        _to_bytes(addresses.meter_freezes),
    )
    judge = ActJudge(records, basis.view, signers, contracts, basis.view.now_ms)
    collector = Collector(
        basis.keys.attest_signer, peers, timeout_s=basis.settings.settle.attest_timeout_s
    )
    stack.push_async_callback(collector.aclose)
    desk = ActDesk(
        judge,
        collector,
        relay,
        lambda: _read_electorate(basis),
        ActContractAddresses(addresses.corrections, addresses.meter_freezes),
    )
    stack.push_async_callback(desk.aclose)
    return Acts(judge, desk, Freezer(desk, basis.view, basis.view.now_ms))


def assemble_correction_router(basis: Basis, acts: Acts) -> APIRouter:
    """The routes that clients ask."""
    gate = ClientGate(basis.clock, TokenBuckets(REQUESTS_PER_S, BURST_REQUESTS))
    return create_correction_router(acts.desk, acts.judge, gate)


def assemble_act_peer_router(basis: Basis, acts: Acts, gate: PeerGate) -> APIRouter:
    """The routes on which other validators ask for attestations of acts."""
    return create_act_peer_router(acts.judge, gate, basis.keys.attest_signer)


def _read_electorate(basis: Basis) -> Electorate:
    members = basis.members.read().validators
    return Electorate(members, find_suspended(members, basis.view.facts, basis.view.now_ms()))


def _to_bytes(address: str) -> bytes:
    return bytes.fromhex(address.removeprefix("0x"))
