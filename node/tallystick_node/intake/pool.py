"""The pool: acknowledged frames of every meter, waiting in memory for their turn to settle.

Per meter a lane of frames by first sequence number, all above the cursor. What follows the cursor
without a gap can be claimed by a batch; a claimed frame is handed out again only when released.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from tallystick.core.batches import MAX_BATCH_SEGMENTS
from tallystick.core.frames import MIN_FRAME_BYTES, Frame
from tallystick.core.settlement import Cursor
from tallystick.core.usage import RECORD_BYTES
from tallystick_node.errors import FrameOverlaps, QueueFull, SequenceConflict, SequenceGap

LANE_SHARE: Final = 4
"""One meter takes at most this fraction of the queue."""


class Standing(StrEnum):
    """What a frame that passed every check is to the pool."""

    ACCEPTED = "accepted"
    KNOWN = "known"
    SETTLED = "settled"


@dataclass(slots=True)
class PooledFrame:
    """A frame in its lane."""

    frame: Frame
    projects: frozenset[int]
    is_stored: bool = False
    """On disk: only then is it acknowledged, or claimed by a batch."""
    storing: asyncio.Future[None] | None = None
    """The write under way, for whoever else brings the same frame meanwhile."""
    claim: int = 0
    """The batch that holds it, 0 = none."""


@dataclass(slots=True)
class _Lane:
    frames: dict[int, PooledFrame] = field(default_factory=dict)
    starts: list[int] = field(default_factory=list)
    contiguous_end: int = 0
    size_bytes: int = 0


class Conflict(SequenceConflict):
    """A second frame differs from a pooled one; carries the pooled one as half of the proof."""

    def __init__(self, kept: Frame, refused: Frame) -> None:
        super().__init__(
            "two signed frames differ at a sequence number",
            expected=f"the records first sent from {kept.first_seq} on",
            actual=f"others from {refused.first_seq} on",
        )
        self.kept = kept


class FramePool:
    """Frames of all meters, bounded in bytes.

    Args:
        read_cursor: a meter's cursor as followed.
        max_bytes: of all frames together.
        look_ahead: how far beyond the contiguous frames of a meter one may start, in records.
    """

    def __init__(
        self, read_cursor: Callable[[int], Cursor], *, max_bytes: int, look_ahead: int
    ) -> None:
        self._read_cursor = read_cursor
        self._max_bytes = max_bytes
        self._look_ahead = look_ahead
        self._lanes: dict[int, _Lane] = {}
        self._waiting: dict[int, None] = {}
        self._claims: dict[int, list[PooledFrame]] = {}
        self._available = asyncio.Event()
        self.size_bytes = 0
        self.frame_count = 0

    def offer(self, frame: Frame, projects: frozenset[int]) -> tuple[Standing, PooledFrame | None]:
        """The frame has its place in the pool, unless it is there or settled already.

        Args:
            frame: passed every frame check; owns its bytes.
            projects: the distinct ones of its records.

        Returns:
            Its standing, and its place unless it has settled. A new place is handed out to batches
            only after `mark_stored`.

        Raises:
            SequenceGap, FrameOverlaps, Conflict, QueueFull: nothing changed.
        """
        cursor = self._read_cursor(frame.meter)
        if frame.end_seq <= cursor.next_seq:
            return Standing.SETTLED, None
        lane = self._lanes.setdefault(frame.meter, _Lane())
        lane.contiguous_end = max(lane.contiguous_end, cursor.next_seq)
        known = lane.frames.get(frame.first_seq)
        if known is not None and _is_same(known.frame, frame):
            return Standing.KNOWN, known
        self._check_place(lane, frame, cursor)
        pooled = PooledFrame(frame, projects)
        self._insert(lane, pooled)
        return Standing.ACCEPTED, pooled

    def wake(self, meter: int) -> None:
        """The meter may have frames to claim: one was stored, released, or its cursor moved."""
        if meter in self._lanes:
            self._waiting.setdefault(meter)
            self._available.set()

    async def wait_available(self) -> None:
        """Returns once a frame may be claimable."""
        await self._available.wait()

    def runs(self) -> Iterator[Sequence[PooledFrame]]:
        """Per meter the frames that a batch may claim now, the longest waiting meter first."""
        for meter in list(self._waiting):
            run = self._find_run(meter)
            if run:
                yield run
            else:
                del self._waiting[meter]
        if not self._waiting:
            self._available.clear()

    def claim(self, frames: Iterable[PooledFrame], batch: int) -> None:
        """The frames belong to the batch; their meters stand in line again behind the others."""
        held = self._claims.setdefault(batch, [])
        for pooled in frames:
            pooled.claim = batch
            held.append(pooled)
            if pooled.frame.meter in self._waiting:
                del self._waiting[pooled.frame.meter]
                self._waiting[pooled.frame.meter] = None

    def release(self, batch: int) -> None:
        """What the batch still holds can be claimed again."""
        for pooled in self._claims.pop(batch, ()):
            pooled.claim = 0
            self.wake(pooled.frame.meter)

    def mark_stored(self, pooled: PooledFrame) -> None:
        """The frame is on disk: batches may claim it."""
        pooled.is_stored, pooled.storing = True, None
        self.wake(pooled.frame.meter)

    def drop(self, pooled: PooledFrame) -> None:
        """The frame is gone: it could not be stored."""
        lane = self._lanes.get(pooled.frame.meter)
        if lane is not None and lane.frames.get(pooled.frame.first_seq) is pooled:
            self._remove(lane, pooled.frame.first_seq)

    def prune(self, meter: int) -> list[int]:
        """Frames that the cursor has passed are gone; their first numbers are returned."""
        lane = self._lanes.get(meter)
        if lane is None:
            return []
        next_seq = self._read_cursor(meter).next_seq
        passed = lane.starts[: bisect_left(lane.starts, next_seq)]
        for first_seq in passed:
            self._remove(lane, first_seq)
        lane.contiguous_end = max(lane.contiguous_end, next_seq)
        self._extend(lane)
        if lane.frames:
            self.wake(meter)
        else:
            del self._lanes[meter]
            self._waiting.pop(meter, None)
        return passed

    def find_conflicting(self, settled: Frame) -> list[Frame]:
        """Pooled frames under the same key that say something else about the same numbers."""
        lane = self._lanes.get(settled.meter)
        if lane is None:
            return []
        return [
            place.frame
            for place in _find_overlapping(lane, settled)
            if place.frame.key_index == settled.key_index and _differs(place.frame, settled)
        ]

    def meters(self) -> list[int]:
        """Every meter with a frame in the pool."""
        return list(self._lanes)

    def _check_place(self, lane: _Lane, frame: Frame, cursor: Cursor) -> None:
        if frame.first_seq < cursor.next_seq:
            raise FrameOverlaps(
                "a frame starts before its meter's cursor and ends behind it",
                expected=cursor.next_seq,
                actual=frame.first_seq,
            )
        if frame.first_seq > lane.contiguous_end + self._look_ahead:
            raise SequenceGap(
                "a frame starts too far ahead",
                expected=f"at most {lane.contiguous_end + self._look_ahead}",
                actual=frame.first_seq,
            )
        for other in _find_overlapping(lane, frame):
            if other.frame.key_index < frame.key_index:
                self._remove(lane, other.frame.first_seq)  # signed anew after a rotation
            elif other.frame.key_index > frame.key_index:
                raise FrameOverlaps(
                    "records were signed anew with a later key",
                    expected=f"key {other.frame.key_index}",
                    actual=f"key {frame.key_index}",
                )
            elif _differs(other.frame, frame):
                raise Conflict(other.frame, frame)
            else:
                raise FrameOverlaps(
                    "records were framed differently before",
                    expected=f"{other.frame.first_seq}..{other.frame.end_seq}",
                    actual=f"{frame.first_seq}..{frame.end_seq}",
                )
        size = _compute_size(frame)
        lane_max = self._max_bytes // LANE_SHARE
        if self.size_bytes + size > self._max_bytes or lane.size_bytes + size > lane_max:
            raise QueueFull(
                "too much waits for settlement",
                expected=f"{self._max_bytes} bytes in all, {lane_max} of a meter",
                actual=self.size_bytes,
            )

    def _insert(self, lane: _Lane, pooled: PooledFrame) -> None:
        frame = pooled.frame
        lane.frames[frame.first_seq] = pooled
        insort(lane.starts, frame.first_seq)
        size = _compute_size(frame)
        lane.size_bytes += size
        self.size_bytes += size
        self.frame_count += 1
        self._extend(lane)

    def _remove(self, lane: _Lane, first_seq: int) -> None:
        frame = lane.frames.pop(first_seq).frame
        del lane.starts[bisect_left(lane.starts, first_seq)]
        size = _compute_size(frame)
        lane.size_bytes -= size
        self.size_bytes -= size
        self.frame_count -= 1
        lane.contiguous_end = min(lane.contiguous_end, first_seq)

    def _extend(self, lane: _Lane) -> None:
        while (pooled := lane.frames.get(lane.contiguous_end)) is not None:
            lane.contiguous_end = pooled.frame.end_seq

    def _find_run(self, meter: int) -> list[PooledFrame]:
        """The first unclaimed frames after the cursor or claimed frames, at most a batch."""
        run: list[PooledFrame] = []
        lane = self._lanes.get(meter)
        if lane is None:
            return run
        position = self._read_cursor(meter).next_seq
        while (pooled := lane.frames.get(position)) is not None and pooled.is_stored:
            if not pooled.claim:
                run.append(pooled)
            if len(run) == MAX_BATCH_SEGMENTS or (pooled.claim and run):
                break
            position = pooled.frame.end_seq
        return run


def _compute_size(frame: Frame) -> int:
    return MIN_FRAME_BYTES + (frame.count - 1) * RECORD_BYTES


def _is_same(one: Frame, other: Frame) -> bool:
    """Whether both say the same about the same numbers under one key."""
    return (
        one.count == other.count
        and one.key_index == other.key_index
        and one.records.tobytes() == other.records.tobytes()
    )


def _find_overlapping(lane: _Lane, frame: Frame) -> list[PooledFrame]:
    """Pooled frames that share a sequence number with `frame`."""
    first = max(bisect_left(lane.starts, frame.first_seq) - 1, 0)
    last = bisect_left(lane.starts, frame.end_seq)
    near = [lane.frames[start] for start in lane.starts[first:last]]
    return [pooled for pooled in near if pooled.frame.end_seq > frame.first_seq]


def _differs(one: Frame, other: Frame) -> bool:
    """Whether the two hold different records at a sequence number they share."""
    first, end = max(one.first_seq, other.first_seq), min(one.end_seq, other.end_seq)
    shared = (
        frame.records[first - frame.first_seq : end - frame.first_seq].tobytes()
        for frame in (one, other)
    )
    return next(shared) != next(shared)
