"""Settling: batches proposed, attested side by side, submitted in order, followed to their outcome.

A batch holds its frames from proposal to outcome. When it fails, or nobody hears of it until well
past its validity, its frames are free to be proposed again: what they hold settles once anyhow.
"""

from __future__ import annotations

import asyncio
from collections import ChainMap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import structlog

from tallystick.chain.errors import RpcRefused
from tallystick.chain.submission_effects import Outcome, OutcomeStatus
from tallystick.chain.submitter import Settle
from tallystick.core.facts import Facts
from tallystick.core.quorum import compute_quorum
from tallystick.core.settlement import Cursor, SegmentStatus, compute_statuses
from tallystick_node.clock import Clock
from tallystick_node.errors import QuorumMissed
from tallystick_node.loops import resting
from tallystick_node.metrics import NodeMetrics
from tallystick_node.peers.collect import Collector, Quorum
from tallystick_node.settle.propose import (
    Choice,
    Ground,
    Proposal,
    Refusal,
    check_chosen,
    choose_frames,
    propose_batch,
)

DEFER_MS: Final = 500
"""How long a meter waits after one of its frames failed a check at the reference block."""
EXPIRY_GRACE_MS: Final = 60_000
REST_S: Final = 0.5
"""Between two looks at whether this validator is in the set in force again."""

log = structlog.get_logger(__name__)


class FrameSource(Protocol):
    """Where frames wait."""

    async def wait_available(self) -> None:
        """Returns once there may be frames."""

    def runs(self) -> Iterator[Sequence[Any]]:
        """Per meter its next frames."""

    def claim(self, frames: Iterable[Any], batch: int) -> None:
        """The frames belong to a batch."""

    def release(self, batch: int) -> None:
        """The batch's frames are free again."""


class KnownBlock(Protocol):
    """A block that a batch refers to."""

    @property
    def number(self) -> int:
        """Its number."""

    @property
    def hash(self) -> str:
        """Its hash, 0x-prefixed."""


class FollowedChain(Protocol):
    """What settling asks of the chain as followed."""

    cursors: dict[int, Cursor]

    def reference(self, age_ms: int) -> KnownBlock:
        """The newest block known for a while."""

    def facts_at(self, block: int) -> Facts:
        """What was known at a block."""


class BatchSubmitter(Protocol):
    """How batches go to the ledger."""

    async def submit(self, settle: Settle) -> str:
        """The transaction's hash once a chain node took it."""


@dataclass(frozen=True, slots=True)
class SettleSettings:
    """What every batch of this node has in common; times in ms."""

    network_id: bytes
    chain_id: int
    ledger: bytes
    linger_ms: int
    reference_age_ms: int
    validity_ms: int
    batches_in_flight: int


@dataclass(frozen=True, slots=True)
class Flight:
    """A batch on its way."""

    number: int
    proposal: Proposal
    attesting: asyncio.Task[Quorum]
    proposed_at_ms: int


@dataclass(frozen=True, slots=True)
class Sent:
    """A settlement that a chain node took."""

    tx_hash: str
    records: int


class Settler:
    """Proposes, has attested and submits. Two loops: `propose` and `submit`.

    Args:
        source: of frames.
        chain: as followed.
        collector: of attestations.
        submitter: of one sending key.
        settings: see there.
        clock: this node's.
        metrics: this node's.
        is_member: whether this validator is in the set in force; while not, it proposes nothing.
    """

    def __init__(  # noqa: PLR0913 - what settling needs of the other stages, piece by piece
        self,
        source: FrameSource,
        chain: FollowedChain,
        collector: Collector,
        submitter: BatchSubmitter,
        settings: SettleSettings,
        clock: Clock,
        metrics: NodeMetrics,
        *,
        is_member: Callable[[], bool],
    ) -> None:
        self._source = source
        self._is_member = is_member
        self._chain = chain
        self._collector = collector
        self._submitter = submitter
        self._settings = settings
        self._clock = clock
        self._metrics = metrics
        self._slots = asyncio.Semaphore(settings.batches_in_flight)
        self._proposed: asyncio.Queue[Flight] = asyncio.Queue()
        self._sent: dict[bytes, Flight] = {}
        self._settled: set[bytes] = set()
        self._deferred_until_ms: dict[int, int] = {}
        self._proposed_at_ms: dict[int, int] = {}
        self._count = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self.in_flight = 0
        """Batches proposed whose outcome is not known."""
        self.last_sent: Sent | None = None
        """What was sent last, for whoever looks at what it cost."""

    async def propose(self) -> None:
        """One batch is on its way, or a moment has passed without any to make."""
        with resting():
            await self._source.wait_available()
        if not self._is_member():
            await asyncio.sleep(REST_S)
            return
        with resting():  # while the chain stands still, batches do not end
            await self._slots.acquire()
        flight: Flight | None = None
        try:
            flight = await self._build()
        finally:
            if flight is None:
                self._slots.release()
        if flight is not None:
            self.in_flight += 1
            self._proposed_at_ms[flight.number] = flight.proposed_at_ms
            self._idle.clear()
            self._metrics.batches_proposed.inc()
            self._proposed.put_nowait(flight)

    async def submit(self) -> None:
        """The oldest proposed batch is submitted, or its frames are free again.

        Raises:
            QuorumMissed, NotAttesting: the batch was given up.
        """
        with resting():
            flight = await self._proposed.get()
        try:
            quorum = await flight.attesting
        except QuorumMissed:
            self._metrics.quorum_misses.inc()
            self._drop(flight, "quorum_missed")
            raise
        except BaseException:
            self._drop(flight, "not_attested")
            raise
        self._metrics.collect_seconds.observe((self._clock() - flight.proposed_at_ms) / 1000)
        if not self._is_worth_sending(flight.proposal):
            self._drop(flight, "overtaken")
            return
        self._sent[flight.proposal.data_hash] = flight
        try:
            with resting():  # until a chain node takes it
                tx_hash = await self._submitter.submit(_build_settle(flight.proposal, quorum))
            self.last_sent = Sent(tx_hash, len(flight.proposal.batch.records))
        except RpcRefused as error:
            log.warning("batch_refused", number=flight.number, **error.as_dict())
            if flight.proposal.data_hash in self._sent:
                self._end(flight, OutcomeStatus.LOST)

    @property
    def oldest_proposed_at_ms(self) -> int | None:
        """When the oldest batch without outcome was proposed, None where there is none."""
        return min(self._proposed_at_ms.values(), default=None)

    async def wait_idle(self) -> None:
        """Returns once the outcome of every batch is known."""
        await self._idle.wait()

    def apply_outcomes(self, outcomes: Iterable[Outcome]) -> None:
        """What the chain decided about batches of this node.

        A settled batch holds its frames until the cursors show it: the submitter may hear of it
        from a receipt before the follower reads its block, and the next must not look like a gap.
        """
        for outcome in outcomes:
            flight = self._sent.get(outcome.data_hash)
            if flight is None:
                continue
            if outcome.status is OutcomeStatus.SETTLED:
                self._settled.add(outcome.data_hash)
            else:
                self._end(flight, outcome.status)
        for data_hash in list(self._settled):
            flight = self._sent[data_hash]
            if self._is_followed(flight):
                self._metrics.settle_seconds.observe((self._clock() - flight.proposed_at_ms) / 1000)
                self._end(flight, OutcomeStatus.SETTLED)

    def apply_time(self) -> None:
        """Batches of which nothing was heard until well past their validity are given up."""
        latest_ms = self._clock() - EXPIRY_GRACE_MS
        expired = [
            data_hash
            for data_hash, flight in self._sent.items()
            if flight.proposal.batch.header.valid_until_ms < latest_ms
        ]
        for data_hash in expired:
            self._end(self._sent[data_hash], OutcomeStatus.LOST)

    async def _build(self) -> Flight | None:
        choice = await self._choose()
        if not choice.frames:
            await asyncio.sleep(self._settings.linger_ms / 1000)
            return None
        ground = self._find_ground()
        passed, refused = check_chosen(choice.frames, ground)
        for refusal in refused:
            self._defer(refusal, ground.now_ms)
        if not passed:
            return None
        proposal = propose_batch([place.frame for place in passed], ground)
        self._count += 1
        self._source.claim(passed, self._count)
        attesting = asyncio.create_task(self._collector.collect(proposal.question))
        return Flight(self._count, proposal, attesting, ground.now_ms)

    def _defer(self, refusal: Refusal, now_ms: int) -> None:
        frame = refusal.frame
        self._deferred_until_ms[frame.meter] = now_ms + DEFER_MS
        log.warning(
            "frame_deferred",
            meter=frame.meter,
            first_seq=frame.first_seq,
            **refusal.error.as_dict(),
        )

    async def _choose(self) -> Choice[Any]:
        signers = compute_quorum(self._count_validators())
        choice = choose_frames(self._open_runs(), signers)
        if choice.frames and not choice.is_full and self._settings.linger_ms:
            await asyncio.sleep(self._settings.linger_ms / 1000)
            choice = choose_frames(self._open_runs(), signers)
        return choice

    def _count_validators(self) -> int:
        facts = self._chain.facts_at(self._chain.reference(0).number)
        return len(facts.validators_at(self._clock()).validators)

    def _open_runs(self) -> Iterator[Sequence[Any]]:
        now_ms = self._clock()
        for run in self._source.runs():
            left_ms = self._deferred_until_ms.get(run[0].frame.meter, 0) - now_ms
            if not 0 < left_ms <= DEFER_MS:  # more is left only where the clock was set back
                yield run

    def _find_ground(self) -> Ground:
        settings = self._settings
        reference = self._chain.reference(settings.reference_age_ms)
        return Ground(
            self._chain.facts_at(reference.number),
            reference.number,
            bytes.fromhex(reference.hash.removeprefix("0x")),
            settings.network_id,
            settings.chain_id,
            settings.ledger,
            self._clock(),
            settings.validity_ms,
        )

    def _is_worth_sending(self, proposal: Proposal) -> bool:
        """Whether something settles and nothing is a gap, after all that was sent before it."""
        moved: dict[int, Cursor] = {}
        cursors: Mapping[int, Cursor] = ChainMap(moved, self._chain.cursors)
        for flight in self._sent.values():
            moved.update(compute_statuses(cursors, flight.proposal.batch.segments)[1])
        statuses, _ = compute_statuses(cursors, proposal.batch.segments)
        return SegmentStatus.SETTLED in statuses and SegmentStatus.GAP not in statuses

    def _is_followed(self, flight: Flight) -> bool:
        """Whether the cursors have passed a part of the batch."""
        cursors = self._chain.cursors
        return any(
            segment.end_seq <= cursors.get(segment.meter, Cursor()).next_seq
            for segment in flight.proposal.batch.segments
        )

    def _end(self, flight: Flight, outcome: str) -> None:
        del self._sent[flight.proposal.data_hash]
        self._settled.discard(flight.proposal.data_hash)
        self._drop(flight, outcome)

    def _drop(self, flight: Flight, outcome: str) -> None:
        """The flight has ended; its frames are free, unless they have settled."""
        self._log_end(flight, outcome)
        self._source.release(flight.number)
        self._proposed_at_ms.pop(flight.number, None)
        self._slots.release()
        self.in_flight -= 1
        if not self.in_flight:
            self._idle.set()

    def _log_end(self, flight: Flight, outcome: str) -> None:
        proposal = flight.proposal
        self._metrics.batches_finished.labels(outcome).inc()
        log.info(
            "batch_finished",
            outcome=outcome,
            data_hash=proposal.data_hash.hex(),
            records=len(proposal.batch.records),
            segments=len(proposal.batch.segments),
            took_ms=self._clock() - flight.proposed_at_ms,
        )


def _build_settle(proposal: Proposal, quorum: Quorum) -> Settle:
    return Settle(
        proposal.data,
        quorum.signer_bitmap,
        quorum.attestations,
        proposal.data_hash,
        len(proposal.batch.records),
        len(proposal.batch.segments),
        proposal.projects,
    )
