"""What settled lately, as it was signed: the other half of a proof that a meter signed twice.

Two validators may each have been given one of two histories. The one that settles shows in the
blocks; whoever holds the other, or is offered it soon after, has the proof.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from typing import Final

from tallystick.core.equivocation import is_conflicting
from tallystick.core.frames import Frame

MAX_BYTES: Final = 16 * 1024 * 1024
MAX_FRAMES: Final = 32_768
"""However small they are."""
MAX_LANE: Final = 4_096
"""Frames kept of one meter."""


class SettledFrames:
    """The newest settled frames of all meters, the oldest forgotten first.

    Args:
        max_bytes: of their records together.
        max_frames: of them all.
    """

    def __init__(self, max_bytes: int = MAX_BYTES, max_frames: int = MAX_FRAMES) -> None:
        self._max_bytes = max_bytes
        self._max_frames = max_frames
        self._size_bytes = 0
        self._order: deque[Frame] = deque()
        self._lanes: dict[int, list[Frame]] = {}

    def add(self, frame: Frame) -> None:
        """The frame settled, in place of what the chain took back."""
        lane = self._lanes.setdefault(frame.meter, [])
        while lane and lane[-1].end_seq > frame.first_seq:
            self._size_bytes -= lane.pop().records.nbytes
        if len(lane) == MAX_LANE:
            self._size_bytes -= lane.pop(0).records.nbytes
        lane.append(frame)
        self._order.append(frame)
        self._size_bytes += frame.records.nbytes
        while self._size_bytes > self._max_bytes or len(self._order) > self._max_frames:
            self._forget(self._order.popleft())

    def find_conflicting(self, frame: Frame) -> Frame | None:
        """A settled frame under the same key that says something else about the same numbers."""
        lane = self._lanes.get(frame.meter, [])
        first = bisect_right(lane, frame.first_seq, key=lambda settled: settled.end_seq)
        end = bisect_left(lane, frame.end_seq, key=lambda settled: settled.first_seq)
        for settled in lane[first:end]:
            if settled.key_index == frame.key_index and is_conflicting(settled, frame):
                return settled
        return None

    def _forget(self, oldest: Frame) -> None:
        """The frame is not kept, unless it was replaced before."""
        lane = self._lanes.get(oldest.meter, [])
        if lane and lane[0] is oldest:
            del lane[0]
            self._size_bytes -= oldest.records.nbytes
        if not lane:
            self._lanes.pop(oldest.meter, None)
