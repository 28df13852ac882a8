"""Acceptance: a request's frames are checked, stored and given a place, or refused with a code."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import structlog

from tallystick.core.errors import TallystickError
from tallystick.core.facts import Facts
from tallystick.core.frame_checks import check_frame
from tallystick.core.frames import Frame, decode_frame, decode_frames, encode_frame
from tallystick_node.chain_view import SettledFrame
from tallystick_node.clock import Clock
from tallystick_node.errors import (
    ChainBehind,
    Draining,
    NotAttesting,
    StorageFull,
)
from tallystick_node.intake.disk import DiskWatch
from tallystick_node.intake.equivocation import EquivocationLog
from tallystick_node.intake.journal import Entry, FrameJournal
from tallystick_node.intake.meter_rates import MeterRates
from tallystick_node.intake.pool import Conflict, FramePool, PooledFrame, Standing
from tallystick_node.intake.settled import SettledFrames
from tallystick_node.metrics import NodeMetrics

log = structlog.get_logger(__name__)


class FollowedChain(Protocol):
    """What intake asks of the chain as followed."""

    @property
    def facts(self) -> Facts:
        """What is known at the head."""

    @property
    def synced_at_ms(self) -> int | None:
        """When the follower last stood at the head, by this node's clock."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one frame."""

    meter: int
    first_seq: int
    count: int
    status: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The frames taken from one body, and why the next one was not."""

    receipts: Sequence[Receipt]
    error: TallystickError | None = None


@dataclass(frozen=True, slots=True)
class IntakeStores:
    """Where accepted frames go, and how much room that disk has."""

    pool: FramePool
    journal: FrameJournal
    proofs: EquivocationLog
    disk: DiskWatch


@dataclass(frozen=True, slots=True)
class IntakeTerms:
    """This network, how long without news of the chain is too long, frames a body may hold."""

    network_id: bytes
    stalled_after_ms: int
    max_frames: int


class Intake:
    """Takes frames.

    Args:
        chain: as followed.
        terms: see there.
        stores: pool, journal and proofs.
        rates: per meter.
        clock: this node's.
        metrics: this node's.
        is_member: whether this validator is in the set in force; while not, it takes nothing.
    """

    def __init__(
        self,
        chain: FollowedChain,
        terms: IntakeTerms,
        stores: IntakeStores,
        rates: MeterRates,
        clock: Clock,
        metrics: NodeMetrics,
        *,
        is_member: Callable[[], bool],
    ) -> None:
        self._chain = chain
        self._is_member = is_member
        self._terms = terms
        self._pool, self._journal, self._proofs = stores.pool, stores.journal, stores.proofs
        self._disk = stores.disk
        self._rates = rates
        self._clock = clock
        self._metrics = metrics
        self._is_open = True
        self._settled = SettledFrames()

    @property
    def is_open(self) -> bool:
        """Whether frames are taken, as far as this validator's own will goes."""
        return self._is_open

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits for settlement."""
        return self._pool.frame_count == 0

    def close(self) -> None:
        """Nothing more is taken: the node is stopping."""
        self._is_open = False

    def recover(self) -> int:
        """Frames on disk have their place again after a restart; how many there are."""
        for encoded in self._journal:
            frame = decode_frame(encoded)
            try:
                standing, place = self._pool.offer(frame, find_projects(frame))
            except TallystickError as error:
                log.warning("stored_frame_left_out", meter=frame.meter, **error.as_dict())
                continue
            if place is not None:
                self._pool.mark_stored(place)
            elif standing is Standing.SETTLED:
                self._journal.prune(frame.meter, [frame.first_seq])
        return self._pool.frame_count

    async def accept(self, body: bytes) -> Answer:
        """The body's frames up to the first bad one are acknowledged: on disk, synced, or settled.

        Args:
            body: concatenated frames.
        """
        receipts: list[Receipt] = []
        places: list[PooledFrame] = []
        error: TallystickError | None = None
        try:
            self._check_following()
            for frame in decode_frames(body, max_frames=self._terms.max_frames):
                standing, place = self._offer(frame)
                receipts.append(Receipt(frame.meter, frame.first_seq, frame.count, standing))
                if place is not None:
                    places.append(place)
        except TallystickError as refusal:
            error = refusal
        try:
            await self._store(places)
        except StorageFull as refusal:
            receipts, error = [], refusal
        self._count(receipts, error)
        return Answer(receipts, error)

    def apply_settled(self, frames: Sequence[SettledFrame]) -> None:
        """Settled frames leave pool and journal; quarantined records count against their meter."""
        now_ms = self._clock()
        for frame in frames:
            self._prove_conflicts(frame)
            records = frame.end_seq - frame.first_seq
            self._rates.note_settled(frame.meter, records, frame.quarantined, now_ms)
            self._metrics.records_settled.inc(records)
            self._metrics.records_quarantined.inc(frame.quarantined)
        for meter in {frame.meter for frame in frames}:
            passed = self._pool.prune(meter)
            if passed:
                self._journal.prune(meter, passed)

    def _count(self, receipts: Sequence[Receipt], error: TallystickError | None) -> None:
        for receipt in receipts:
            self._metrics.frames_received.labels(receipt.status).inc()
            if receipt.status == Standing.ACCEPTED:
                self._metrics.records_accepted.inc(receipt.count)
        if error is not None:
            self._metrics.frames_received.labels(error.code).inc()

    def _check_following(self) -> None:
        synced_at_ms = self._chain.synced_at_ms
        if not self._is_open:
            raise Draining(
                "this validator stops: it ends what it took and takes no more",
                expected="frames for another validator",
            )
        if not self._is_member():
            raise NotAttesting("this validator is not in the set in force")
        if synced_at_ms is None or self._clock() - synced_at_ms > self._terms.stalled_after_ms:
            raise ChainBehind(
                "this validator does not follow the chain at present",
                expected=f"news within {self._terms.stalled_after_ms} ms",
                actual="none yet" if synced_at_ms is None else self._clock() - synced_at_ms,
            )

    def _offer(self, borrowed: Frame) -> tuple[Standing, PooledFrame | None]:
        """The frame's standing after all checks; it is copied, so that the body can go."""
        now_ms = self._clock()
        facts = self._chain.facts
        check_frame(borrowed, facts, self._terms.network_id, now_ms)
        self._rates.take(borrowed.meter, borrowed.count, now_ms)
        frame = decode_frame(encode_frame(borrowed))
        try:
            return self._find_place(frame)
        except Conflict as conflict:
            self._keep_proof(conflict.kept, frame)
            raise

    def _find_place(self, frame: Frame) -> tuple[Standing, PooledFrame | None]:
        """As the pool's `offer`, and what settled lately counts too."""
        standing, place = self._pool.offer(frame, find_projects(frame))
        settled = self._settled.find_conflicting(frame) if place is None else None
        if settled is not None:
            raise Conflict(settled, frame)
        return standing, place

    def _prove_conflicts(self, settled: SettledFrame) -> None:
        """Whoever signed what settled, and another history that waits here, is proven to have."""
        signed = settled.read_signed(self._terms.network_id)
        if signed is None:
            return
        self._settled.add(signed)
        for waiting in self._pool.find_conflicting(signed):
            self._keep_proof(signed, waiting)

    def _keep_proof(self, kept: Frame, refused: Frame) -> None:
        proof = self._proofs.keep(kept, refused)
        log.warning(
            "equivocation_proved",
            meter=refused.meter,
            first_seq=refused.first_seq,
            proof=proof and proof.name,
        )

    async def _store(self, places: Sequence[PooledFrame]) -> None:
        """Every place is on disk; shared with other requests that brought the same frames.

        Raises:
            StorageFull: at least one is not; new ones among them lost their place.
        """
        new = [place for place in places if not place.is_stored and place.storing is None]
        if new:
            self._start_storing(new)
        writes = {place.storing for place in places if place.storing is not None}
        await asyncio.gather(*(asyncio.shield(write) for write in writes))

    def _start_storing(self, new: Sequence[PooledFrame]) -> None:
        """The write of these frames is under way.

        Raises:
            StorageFull: there is no room; they lost their place.
        """
        entries = [
            Entry(place.frame.meter, place.frame.first_seq, encode_frame(place.frame))
            for place in new
        ]
        try:
            self._disk.check_room()
            write = self._journal.store(entries)
        except StorageFull:
            self._finish_storing(new, is_stored=False)
            raise
        for place in new:
            place.storing = write
        write.add_done_callback(
            lambda done: self._finish_storing(new, is_stored=done.exception() is None)
        )

    def _finish_storing(self, places: Sequence[PooledFrame], *, is_stored: bool) -> None:
        for place in places:
            if is_stored:
                self._pool.mark_stored(place)
            else:
                self._pool.drop(place)


def find_projects(frame: Frame) -> frozenset[int]:
    """The distinct projects of a frame's records."""
    return frozenset(np.unique(frame.records["project"]).tolist())
