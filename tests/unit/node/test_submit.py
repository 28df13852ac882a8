import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import pytest
from tests.unit.core.builders import (
    ACME,
    CHAT,
    METER,
    METER_KEY,
    NETWORK_ID,
    NOW_MS,
    WIDE,
    build_facts,
    build_frame,
    build_records,
)
from tests.unit.node.builders import CHAIN_ID, LEDGER, FakeChain, build_validator_set

from tallystick.chain.errors import RpcRefused
from tallystick.chain.submission_effects import Outcome, OutcomeStatus
from tallystick.chain.submitter import Settle
from tallystick.core.batches import decode_batch
from tallystick.core.facts import Meter, MeterKey
from tallystick.core.frames import Frame
from tallystick.core.settlement import Cursor
from tallystick_node.errors import QuorumMissed
from tallystick_node.intake.pool import FramePool
from tallystick_node.metrics import NodeMetrics
from tallystick_node.peers.collect import Quorum
from tallystick_node.peers.question import Question
from tallystick_node.settle.submit import Settler, SettleSettings

QUORUM: Final = Quorum(0b0111, (bytes(64),) * 3)
SETTLED, SKIPPED = OutcomeStatus.SETTLED, OutcomeStatus.SKIPPED


class FakeCollector:
    """Gives a quorum to every proposal, but for those told to miss it."""

    def __init__(self) -> None:
        self.missing: set[int] = set()

    async def collect(self, question: Question) -> Quorum:
        if decode_batch(question.body).segments[0].first_seq in self.missing:
            raise QuorumMissed("too few")
        return QUORUM


class FakeSubmitter:
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.sent: list[Settle] = []
        self.refuses = False

    async def submit(self, settle: Settle) -> str:
        if self.refuses:
            raise RpcRefused(-32000, "no")
        self.sent.append(settle)
        return "0x"


class Settling:
    """A settler on a real pool, with a chain that moves when told."""

    def __init__(self) -> None:
        self.now_ms = NOW_MS
        self.is_member = True
        self.chain = FakeChain(cursors={METER: Cursor()})
        self.pool = FramePool(self.chain.read_cursor, max_bytes=10**7, look_ahead=10**6)
        self.collector = FakeCollector()
        self.submitter = FakeSubmitter()
        self.settler = Settler(
            self.pool,
            self.chain,
            self.collector,  # type: ignore[arg-type]
            self.submitter,
            SettleSettings(NETWORK_ID, CHAIN_ID, LEDGER, 0, 0, 300_000, 4),
            lambda: self.now_ms,
            NodeMetrics(),
            is_member=lambda: self.is_member,
        )

    def add(self, *counts: int) -> None:
        start = sum(place.frame.count for run in self.pool.runs() for place in run)
        for count in counts:
            self.put(build_frame(build_records(count), first_seq=start))
            start += count

    def put(self, frame: Frame) -> None:
        _, place = self.pool.offer(frame, frozenset({CHAT}))
        assert place is not None
        self.pool.mark_stored(place)

    async def propose(self, times: int = 1) -> None:
        for _ in range(times):
            await self.settler.propose()

    async def submit(self, times: int = 1) -> None:
        for _ in range(times):
            await self.settler.submit()

    def end(self, place: int, status: OutcomeStatus, *, cursor: int) -> None:
        self.chain.cursors[METER] = Cursor(cursor)
        self.settler.apply_outcomes([Outcome(self.submitter.sent[place].data_hash, status)])
        self.pool.prune(METER)

    def sent_seqs(self) -> list[int]:
        batches = [decode_batch(settle.data) for settle in self.submitter.sent]
        return [batch.segments[0].first_seq for batch in batches]

    def waiting_seqs(self) -> list[int]:
        return [place.frame.first_seq for run in self.pool.runs() for place in run]


def play(scenario: Callable[[Settling], Awaitable[None]]) -> None:
    async def run() -> None:
        await scenario(Settling())

    asyncio.run(run())


def test_batches_are_in_flight_together_and_sent_in_order() -> None:
    async def scenario(node: Settling) -> None:
        node.add(900, 900, 900)
        await node.propose(2)
        await node.submit(2)
        assert node.sent_seqs() == [0, 1_800]
        assert node.settler.in_flight == 2
        assert node.waiting_seqs() == []

    play(scenario)


def test_frames_are_done_with_when_their_batch_settled() -> None:
    async def scenario(node: Settling) -> None:
        node.add(5)
        await node.propose()
        await node.submit()
        node.end(0, SETTLED, cursor=5)
        assert (node.settler.in_flight, node.waiting_seqs()) == (0, [])
        await asyncio.wait_for(node.settler.wait_idle(), 1)

    play(scenario)


def test_settled_batch_holds_its_frames_until_the_cursor_shows_it() -> None:
    async def scenario(node: Settling) -> None:
        node.add(900, 900, 900)
        await node.propose(2)
        await node.submit()
        node.end(0, SETTLED, cursor=0)
        assert node.waiting_seqs() == []
        await node.submit()
        assert node.sent_seqs() == [0, 1_800]

    play(scenario)


@pytest.mark.parametrize("status", [SKIPPED, OutcomeStatus.REVERTED, OutcomeStatus.LOST])
def test_frames_are_proposed_anew_when_their_batch_failed(status: OutcomeStatus) -> None:
    async def scenario(node: Settling) -> None:
        node.add(5)
        await node.propose()
        await node.submit()
        node.end(0, status, cursor=0)
        assert node.waiting_seqs() == [0]
        await node.propose()
        await node.submit()
        assert node.sent_seqs() == [0, 0]

    play(scenario)


def test_batch_is_not_sent_when_one_before_it_missed_its_quorum() -> None:
    async def scenario(node: Settling) -> None:
        node.add(900, 900, 900)
        node.collector.missing = {0}
        await node.propose(2)
        with pytest.raises(QuorumMissed):
            await node.submit()
        await node.submit()
        assert node.sent_seqs() == []
        assert node.waiting_seqs() == [0, 900, 1_800]
        assert node.settler.in_flight == 0

    play(scenario)


def test_batch_is_not_sent_when_a_part_of_it_would_be_a_gap() -> None:
    async def scenario(node: Settling) -> None:
        key = MeterKey(2, 0, bytes(METER_KEY.verify_key), 0)
        other = Meter(2, ACME, "other", "0x1e", WIDE, active=True, from_ms=0)
        node.chain.facts = build_facts(build_validator_set(), other, key)
        node.add(900, 900, 300)
        node.collector.missing = {0}
        await node.propose()
        node.put(build_frame(meter=2))
        await node.propose()
        with pytest.raises(QuorumMissed):
            await node.submit()
        await node.submit()
        assert node.sent_seqs() == []

    play(scenario)


def test_batch_is_not_sent_when_another_validator_settled_it() -> None:
    async def scenario(node: Settling) -> None:
        node.add(5)
        await node.propose()
        node.chain.cursors[METER] = Cursor(5)
        await node.submit()
        assert node.sent_seqs() == []

    play(scenario)


def test_frames_are_free_when_the_chain_node_refuses_their_batch() -> None:
    async def scenario(node: Settling) -> None:
        node.add(5)
        node.submitter.refuses = True
        await node.propose()
        await node.submit()
        assert (node.settler.in_flight, node.waiting_seqs()) == (0, [0])

    play(scenario)


def test_batch_is_given_up_when_nothing_is_heard_until_past_its_validity() -> None:
    async def scenario(node: Settling) -> None:
        node.add(5)
        await node.propose()
        await node.submit()
        node.now_ms += 300_000 + 60_000
        node.settler.apply_time()
        assert node.waiting_seqs() == []
        node.now_ms += 1
        node.settler.apply_time()
        assert node.waiting_seqs() == [0]

    play(scenario)


def test_no_more_batches_are_proposed_than_may_be_in_flight() -> None:
    async def scenario(node: Settling) -> None:
        node.add(*[900] * 9)
        await node.propose(4)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(node.propose(), 0.01)
        await node.submit()
        node.end(0, SETTLED, cursor=1_800)
        await asyncio.wait_for(node.propose(), 1)

    play(scenario)


def test_meter_is_left_alone_for_a_while_when_its_frame_fails_a_check() -> None:
    async def scenario(node: Settling) -> None:
        node.put(build_frame(meter=9))
        await node.propose()
        assert node.settler.in_flight == 0
        assert list(node.settler._open_runs()) == []
        node.now_ms += 500
        assert len(list(node.settler._open_runs())) == 1

    play(scenario)


def test_nothing_is_proposed_while_this_validator_is_not_in_the_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tallystick_node.settle.submit.REST_S", 0.0)

    async def scenario(node: Settling) -> None:
        node.add(5)
        node.is_member = False
        await node.propose(3)
        assert node.settler.in_flight == 0
        node.is_member = True
        await node.propose()
        assert node.settler.in_flight == 1

    play(scenario)
