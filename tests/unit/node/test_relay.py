"""Calls relayed: once however often asked for, bounded, followed to their outcome."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tallystick.chain.bindings.leases import Lease, LeaseEnd, Leases
from tallystick.chain.calls import View, Write
from tallystick.chain.errors import TransactionReverted
from tallystick.chain.submission_effects import Outcome, OutcomeStatus
from tallystick.chain.submitter import Call
from tallystick_node.errors import ActLost, RateLimited
from tallystick_node.leases.desk import BURST_CALLS, GAS, LeaseDesk
from tallystick_node.relay import CallRelay, Relayed

NOW_MS = 1_800_000_000_000
LEASES = Leases("0x" + "11" * 20)
SIGNATURE = bytes(65)


class Submitter:
    """Keeps what it was given."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    async def call(self, call: Call) -> str:
        self.calls.append(call)
        await asyncio.sleep(0)
        return "0x" + call.key.hex()


async def take_all(write: Write[Any]) -> None:
    """A chain that would carry out everything."""


def create_relay(
    simulate: Callable[[Write[Any]], Awaitable[None]] = take_all, *, max_under_way: int = 4
) -> tuple[CallRelay, Submitter]:
    submitter = Submitter()
    return CallRelay(submitter, simulate, max_under_way=max_under_way), submitter


def describe(number: int) -> Relayed:
    return Relayed(LEASES.release(number, 1), GAS, number.to_bytes(32, "big"))


async def settle(relay: CallRelay, submitter: Submitter, status: OutcomeStatus) -> None:
    for _ in range(5):
        await asyncio.sleep(0)
    relay.apply_outcomes([Outcome(call.key, status) for call in submitter.calls])


def test_call_is_sent_once_when_it_is_asked_for_twice() -> None:
    async def main() -> None:
        relay, submitter = create_relay()
        asking = [asyncio.create_task(relay.send(describe(1))) for _ in range(2)]
        await settle(relay, submitter, OutcomeStatus.SETTLED)
        assert len(set(await asyncio.gather(*asking))) == 1
        assert len(submitter.calls) == 1
        assert submitter.calls[0].gas == GAS

    asyncio.run(main())


def test_calls_beyond_the_bound_are_refused() -> None:
    async def main() -> None:
        relay, submitter = create_relay(max_under_way=2)
        asking = [asyncio.create_task(relay.send(describe(n))) for n in (1, 2)]
        await asyncio.sleep(0)
        with pytest.raises(RateLimited):
            await relay.send(describe(3))
        await settle(relay, submitter, OutcomeStatus.SETTLED)
        await asyncio.gather(*asking)
        again = asyncio.create_task(relay.send(describe(3)))
        await settle(relay, submitter, OutcomeStatus.SETTLED)
        await again

    asyncio.run(main())


def test_call_that_failed_on_chain_says_what_the_chain_says_now() -> None:
    async def refuse(_: Write[Any]) -> None:
        raise TransactionReverted("no room", error_name="LeaseRefused")

    async def main() -> None:
        for simulate, expected in ((refuse, TransactionReverted), (take_all, ActLost)):
            relay, submitter = create_relay(simulate)
            asking = asyncio.create_task(relay.send(describe(1)))
            await settle(relay, submitter, OutcomeStatus.REVERTED)
            with pytest.raises(expected):
                await asking

    asyncio.run(main())


def test_call_is_given_up_when_the_relay_closes() -> None:
    async def main() -> None:
        relay, _ = create_relay()
        asking = asyncio.create_task(relay.send(describe(1)))
        await asyncio.sleep(0)
        await relay.aclose()
        with pytest.raises(asyncio.CancelledError):
            await asking

    asyncio.run(main())


def create_desk(
    simulate: Callable[[Write[Any]], Awaitable[None]] = take_all,
) -> tuple[LeaseDesk, CallRelay, Submitter]:
    relay, submitter = create_relay(simulate, max_under_way=10_000)

    async def read(view: View[Any]) -> Lease:
        assert view.function == "leaseOf"
        return Lease(5, 6, 0, False, 1, True)

    return LeaseDesk(LEASES, relay, read, lambda: NOW_MS), relay, submitter


def test_desk_bounds_what_one_meter_makes_it_send() -> None:
    async def main() -> None:
        desk, relay, submitter = create_desk()
        asking = [
            asyncio.create_task(desk.declare(LeaseEnd(1, 7, seq, 1), SIGNATURE))
            for seq in range(BURST_CALLS)
        ]
        await asyncio.sleep(0)
        with pytest.raises(RateLimited):
            await desk.declare(LeaseEnd(1, 7, BURST_CALLS, 1), SIGNATURE)
        other = asyncio.create_task(desk.declare(LeaseEnd(1, 8, 0, 1), SIGNATURE))
        await settle(relay, submitter, OutcomeStatus.SETTLED)
        assert (await other).lease.left_ucr == 5
        await asyncio.gather(*asking)

    asyncio.run(main())


def test_desk_counts_nothing_against_a_meter_that_did_not_sign() -> None:
    is_signed = False

    async def check(_: Write[Any]) -> None:
        if not is_signed:
            raise TransactionReverted("signed by another", error_name="LeaseSignatureInvalid")

    async def main() -> None:
        nonlocal is_signed
        desk, relay, submitter = create_desk(check)
        for seq in range(2 * BURST_CALLS):
            with pytest.raises(TransactionReverted):
                await desk.declare(LeaseEnd(1, 7, seq, 1), SIGNATURE)
        assert submitter.calls == []
        is_signed = True
        asking = asyncio.create_task(desk.declare(LeaseEnd(1, 7, 0, 1), SIGNATURE))
        await settle(relay, submitter, OutcomeStatus.SETTLED)
        await asking

    asyncio.run(main())
