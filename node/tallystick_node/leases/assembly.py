"""Leases, put together from the settings."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from fastapi import APIRouter

from tallystick.chain.bindings.leases import Leases
from tallystick.chain.calls import Write
from tallystick.chain.errors import RpcRefused
from tallystick.chain.reader import PENDING, read_view
from tallystick.chain.reverts import explain_refusal
from tallystick.chain.submitter import Submitter
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

MAX_UNDER_WAY: Final = 64


@dataclass(frozen=True, slots=True)
class LeaseRelaying:
    """The parts of the stage that the node wires."""

    relay: CallRelay
    router: APIRouter


def assemble_leases(basis: Basis, submitter: Submitter, stack: AsyncExitStack) -> LeaseRelaying:
    """The stage; nothing is waited for once the stack is closed."""
    simulate = _create_simulation(basis, submitter.address)
    relay = CallRelay(submitter, simulate, max_under_way=MAX_UNDER_WAY)
    stack.push_async_callback(relay.aclose)
    leases = Leases(basis.network.addresses.leases)
    desk = LeaseDesk(leases, relay, partial(read_view, basis.rpc), basis.clock)
    gate = CallerGate(basis.clock, TokenBuckets(REQUESTS_PER_S, BURST_REQUESTS))
    return LeaseRelaying(relay, create_lease_router(desk, gate))


def _create_simulation(basis: Basis, sender: str) -> Callable[[Write[Any]], Awaitable[None]]:
    """What the chain would say in its next block, in whose time deadlines are checked."""

    async def simulate(write: Write[Any]) -> None:
        call = {"from": sender, "to": write.to, "data": "0x" + write.data.hex()}
        try:
            await basis.rpc.call("eth_call", call, PENDING)
        except RpcRefused as refusal:
            raise explain_refusal(refusal) from refusal

    return simulate
