"""The desk: what a meter signed about a lease is brought to the chain by this validator.

A gateway needs its meter's lease key and nothing else: no sending key, no nonce, no gas. The chain
checks the signature; here only what costs this validator something is bounded.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from tallystick.chain.bindings.leases import Lease, LeaseEnd, LeaseRequest, Leases
from tallystick.chain.calls import View, Write
from tallystick.core.hashes import compute_keccak256
from tallystick_node.clock import Clock
from tallystick_node.rates import TokenBuckets
from tallystick_node.relay import CallRelay, Relayed

CALLS_PER_S: Final = 5
BURST_CALLS: Final = 200
"""Of one meter: a gateway that starts opens a lease for each of its projects."""
GAS: Final = 500_000
"""Opening a lease four levels deep, every slot cold, takes less than a third of it."""


@dataclass(frozen=True, slots=True)
class Done:
    """A call that the chain has carried out, and the lease after it."""

    tx_hash: str
    lease: Lease


class LeaseDesk:
    """Relays what meters signed.

    Args:
        leases: the contract.
        relay: simulates, sends, follows.
        read: what the chain says to a view now.
        clock: this node's.
    """

    def __init__(
        self,
        leases: Leases,
        relay: CallRelay,
        read: Callable[[View[Any]], Awaitable[Any]],
        clock: Clock,
    ) -> None:
        self._leases = leases
        self._relay = relay
        self._read = read
        self._clock = clock
        self._rates = TokenBuckets(CALLS_PER_S, BURST_CALLS)

    async def open(self, request: LeaseRequest, signature: bytes) -> Done:
        """The credits are set aside.

        Raises:
            TransactionReverted: the chain refuses, and why.
            ActLost, RateLimited: it may happen later, or when asked again.
        """
        write = self._leases.open_lease(request, signature)
        return await self._carry_out(write, request.project, request.meter)

    async def declare(self, end: LeaseEnd, signature: bytes) -> Done:
        """The lease ends when the meter's cursor has passed its last number; raises as `open`."""
        write = self._leases.declare_last(end, signature)
        return await self._carry_out(write, end.project, end.meter)

    async def release(self, project: int, meter: int) -> Done:
        """What is left of the lease is free again; raises as `open`."""
        lease = await self._read(self._leases.lease_of(project, meter))
        salt = lease.nonce.to_bytes(4, "big")
        write = self._leases.release(project, meter)
        return await self._carry_out(write, project, meter, salt=salt)

    async def _carry_out(
        self, write: Write[Any], project: int, meter: int, *, salt: bytes = b""
    ) -> Done:
        # Only what the chain would take counts against the meter, so that nobody else uses up its
        # rate; what it would refuse costs a question, which the caller's address is bounded in.
        await self._relay.simulate(write)
        self._take(meter)
        key = compute_keccak256(write.data + salt)
        tx_hash = await self._relay.send(Relayed(write, GAS, key))
        return Done(tx_hash, await self._read(self._leases.lease_of(project, meter)))

    def _take(self, meter: int) -> None:
        self._rates.take_one(
            meter,
            self._clock(),
            refusal=f"meter {meter} asks too often",
            expected=f"{CALLS_PER_S} a second",
        )
