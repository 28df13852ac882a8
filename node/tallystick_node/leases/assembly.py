"""Leases, put together from the settings."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter

from tallystick.chain.bindings.leases import Leases
from tallystick.chain.reader import read_view
from tallystick_node.basis import Basis
from tallystick_node.leases.api import (
    BURST_REQUESTS,
    REQUESTS_PER_S,
    CallerGate,
    create_lease_router,
)
from tallystick_node.leases.desk import LeaseDesk
from tallystick_node.rates import TokenBuckets
from tallystick_node.relay import CallRelay


def assemble_lease_router(basis: Basis, relay: CallRelay) -> APIRouter:
    """The routes that meters ask."""
    leases = Leases(basis.network.addresses.leases)
    desk = LeaseDesk(leases, relay, partial(read_view, basis.rpc), basis.clock)
    gate = CallerGate(basis.clock, TokenBuckets(REQUESTS_PER_S, BURST_REQUESTS))
    return create_lease_router(desk, gate)
