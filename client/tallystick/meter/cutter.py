"""Cuts the journal's records into signed frames in the spool."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tallystick.core.frames import Frame
from tallystick.meter.cutting import compute_cuts, is_full
from tallystick.meter.meter import Meter

BATCH_FRAMES: Final = 64
"""How many frames one sync of the spool covers at most."""


@dataclass(frozen=True, slots=True)
class CutRules:
    """When a frame is cut."""

    frame_records: int = 256
    frame_wait_s: float = 2.0
    window_records: int = 262_144
    """How far past the cursor frames are cut: validators look no further ahead without bound."""


class Cutter:
    """Turns what the spool does not cover yet into frames.

    Args:
        meter: whose journal and spool.
        rules: see `CutRules`.
    """

    def __init__(self, meter: Meter, rules: CutRules) -> None:
        self._meter = meter
        self._rules = rules
        self._tail_start = -1
        self._tail_since_s = 0.0
        self._due_at_s: float | None = None

    def cut(self, cursor: int, now_s: float, *, flush: bool) -> int:
        """Frames that are due are in the spool, a bounded number per call.

        Full frames are due at once, and so is what lies before a frame that exists already; the
        journal's last records wait for company.

        Args:
            cursor: where the frames have to begin.
            now_s: monotonic.
            flush: nothing waits.

        Returns:
            How many frames were put; call again while it is not 0.
        """
        end = min(self._meter.journal.next_seq, cursor + self._rules.window_records)
        key_index = self._meter.identity.key_index
        self._due_at_s = None
        gaps = self._meter.spool.find_gaps(cursor, end, key_index=key_index)
        frames: list[Frame] = []
        for start, stop in gaps:
            is_due = stop < end or self._is_tail_due(start, stop, now_s, flush=flush)
            left = BATCH_FRAMES - len(frames)
            frames += list(self._sign(start, stop, left, take_partial=is_due))
            if len(frames) >= BATCH_FRAMES:
                break
        if frames:
            self._meter.spool.put(frames)
        return len(frames)

    def compute_wait_s(self, now_s: float) -> float | None:
        """How long the last records still wait for company; None while none do."""
        return None if self._due_at_s is None else max(self._due_at_s - now_s, 0.0)

    def _is_tail_due(self, start: int, stop: int, now_s: float, *, flush: bool) -> bool:
        if stop < self._meter.journal.next_seq:
            return False  # the window ends here, not the journal
        if start != self._tail_start:
            self._tail_start, self._tail_since_s = start, now_s
        due_at_s = self._tail_since_s + self._rules.frame_wait_s
        is_due = flush or now_s >= due_at_s
        self._due_at_s = None if is_due else due_at_s
        return is_due

    def _sign(self, start: int, stop: int, limit: int, *, take_partial: bool) -> Iterator[Frame]:
        size = self._rules.frame_records
        if stop - start < size and not take_partial:
            return
        count = min(stop - start, limit * size)
        records = self._meter.journal.read(start, count)
        reaches_stop = start + count == stop
        for cut in compute_cuts(records, max_records=size):
            if limit == 0:
                return
            if is_full(records, cut, max_records=size) or (take_partial and reaches_stop):
                limit -= 1
                yield self._meter.sign(start + cut[0], records[cut[0] : cut[1]])
