"""Proofs become freezes: once, again when it failed for now, and not for ever."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from tests.unit.core.builders import METER, NOW_MS, build_facts, build_frame, build_records

from tallystick.chain.errors import AlreadyExists
from tallystick.core.facts import Facts, MeterFrozen, MeterKey
from tallystick.core.frames import Frame
from tallystick_node.acts import freezing
from tallystick_node.acts.desk import Done
from tallystick_node.acts.freezing import MAX_TRIES, Freezer
from tallystick_node.errors import QuorumMissed

ONE = build_frame(build_records(3))
OTHER = build_frame(build_records(3, in_fresh=5))
THIRD = build_frame(build_records(3, in_fresh=6))


class FakeChain:
    """The chain as followed."""

    def __init__(self) -> None:
        self.facts: Facts = build_facts()


class FakeDesk:
    """Keeps what it is asked for, and fails as often as told."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.asked: list[tuple[Frame, Frame]] = []

    async def freeze(self, one: Frame, other: Frame) -> Done:
        self.asked.append((one, other))
        if self.failures:
            raise self.failures.pop(0)
        return Done("0x", {})


def play(desk: FakeDesk, scenario: Callable[[Freezer, FakeChain], Awaitable[None]]) -> None:
    async def run() -> None:
        chain = FakeChain()
        await scenario(Freezer(desk, chain, lambda: NOW_MS), chain)

    asyncio.run(run())


async def step(freezer: Freezer, times: int = 1) -> None:
    for _ in range(times):
        await asyncio.wait_for(freezer.step(), 5)


async def rests(freezer: Freezer) -> bool:
    try:
        await asyncio.wait_for(freezer.step(), 0.01)
    except TimeoutError:
        return True
    return False


def test_proof_is_carried_out_once_while_it_waits() -> None:
    desk = FakeDesk()

    async def scenario(freezer: Freezer, _: FakeChain) -> None:
        freezer.note_proof(ONE, OTHER)
        freezer.note_proof(ONE, THIRD)
        await step(freezer)
        assert await rests(freezer)

    play(desk, scenario)
    assert desk.asked == [(ONE, OTHER)]


@pytest.mark.parametrize(
    "fact",
    [
        MeterFrozen(METER, frozen=True, from_ms=NOW_MS),
        MeterKey(METER, 1, bytes(32), 3),
    ],
)
def test_proof_is_dropped_when_the_meter_is_frozen_or_has_another_key(
    fact: MeterFrozen | MeterKey,
) -> None:
    desk = FakeDesk()

    async def scenario(freezer: Freezer, chain: FakeChain) -> None:
        freezer.note_proof(ONE, OTHER)
        chain.facts = build_facts(fact)
        await step(freezer)
        freezer.note_proof(ONE, OTHER)
        assert await rests(freezer)

    play(desk, scenario)
    assert desk.asked == []


def test_proof_is_tried_again_when_it_failed_for_now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freezing, "FIRST_WAIT_S", 0.0)
    desk = FakeDesk(QuorumMissed("too few"), QuorumMissed("too few"))

    async def scenario(freezer: Freezer, _: FakeChain) -> None:
        freezer.note_proof(ONE, OTHER)
        await step(freezer, 3)
        assert await rests(freezer)

    play(desk, scenario)
    assert len(desk.asked) == 3


def test_proof_is_given_up_after_enough_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freezing, "FIRST_WAIT_S", 0.0)
    desk = FakeDesk(*(QuorumMissed("too few") for _ in range(99)))

    async def scenario(freezer: Freezer, _: FakeChain) -> None:
        freezer.note_proof(ONE, OTHER)
        await step(freezer, MAX_TRIES)
        assert await rests(freezer)
        freezer.note_proof(ONE, THIRD)  # a fresh proof has its tries again
        await step(freezer)

    play(desk, scenario)
    assert len(desk.asked) == MAX_TRIES + 1


def test_proof_is_dropped_when_the_chain_has_seen_it() -> None:
    desk = FakeDesk(AlreadyExists("proven"))

    async def scenario(freezer: Freezer, _: FakeChain) -> None:
        freezer.note_proof(ONE, OTHER)
        await step(freezer)
        assert await rests(freezer)

    play(desk, scenario)
    assert len(desk.asked) == 1


def test_no_more_proofs_wait_than_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freezing, "MAX_WAITING", 1)
    desk = FakeDesk()

    async def scenario(freezer: Freezer, chain: FakeChain) -> None:
        chain.facts = build_facts(MeterKey(2, 0, bytes(32), 0))
        freezer.note_proof(ONE, OTHER)
        freezer.note_proof(build_frame(meter=2), build_frame(build_records(2), meter=2))
        await step(freezer)
        assert await rests(freezer)

    play(desk, scenario)
    assert desk.asked == [(ONE, OTHER)]
