"""What this node knows of the chain right now: facts, cursors and recent blocks, in memory.

Fed by the follower alone, block by block; every stage judges by it. The index is fed from the same
blocks but may lag behind without holding up settlement.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from tallystick.chain.blocks import Block, Settlement
from tallystick.core.batches import Batch, Segment, decode_batch
from tallystick.core.facts import Fact, FactBook, Facts, MeterKey
from tallystick.core.frames import Frame
from tallystick.core.settlement import Cursor, apply_meter_key
from tallystick.core.usage import read_reasons
from tallystick_node.clock import Clock
from tallystick_node.errors import ChainBehind

KEPT_HEADERS: Final = 8_192
KEPT_VIEWS: Final = 8
MS_PER_S: Final = 1_000


@dataclass(frozen=True, slots=True)
class Header:
    """A block as far as a batch refers to one. `seen_at_ms` is by this node's clock."""

    number: int
    hash: str
    time_s: int
    seen_at_ms: int


@dataclass(frozen=True, slots=True)
class SettledFrame:
    """One segment that settled."""

    meter: int
    key_index: int
    first_seq: int
    end_seq: int
    quarantined: int
    source: tuple[Batch, Segment] | None = field(default=None, repr=False, compare=False)
    """Where it lies."""

    def read_signed(self, network_id: bytes) -> Frame | None:
        """The frame as its meter signed it, as far as this came from a block."""
        if self.source is None:
            return None
        batch, segment = self.source
        return batch.frame(segment, network_id)


ReadHeader = Callable[[int], Awaitable[Header | None]]
"""Asks the chain for a block that following it did not bring along."""


class ChainView:
    """The chain's state as followed so far.

    Args:
        clock: this node's.
        read_header: for blocks that held nothing of ours, which the follower passes over.
    """

    def __init__(self, clock: Clock, read_header: ReadHeader) -> None:
        self.cursors: dict[int, Cursor] = {}
        self.lag_blocks = 0
        """By how many blocks the chain was ahead when it last answered."""
        self.synced_at_ms: int | None = None
        """When the follower last stood at the chain's head."""
        self._clock = clock
        self._read_header = read_header
        self._book = FactBook()
        self._fact_blocks: list[int] = []
        self._views: OrderedDict[int, Facts] = OrderedDict()
        self._headers: OrderedDict[int, Header] = OrderedDict()
        self._advanced = asyncio.Condition()

    @property
    def head(self) -> Header:
        """The newest block followed.

        Raises:
            ChainBehind: none yet.
        """
        if not self._headers:
            raise ChainBehind("no block has been followed yet")
        return next(reversed(self._headers.values()))

    @property
    def head_number(self) -> int:
        """The newest block's number, -1 before the first."""
        return next(reversed(self._headers)) if self._headers else -1

    def now_ms(self) -> int:
        """The later of this node's clock and the newest block's time, which the ledger goes by."""
        head_ms = self.head.time_s * MS_PER_S if self._headers else 0
        return max(self._clock(), head_ms)

    def read_cursor(self, meter: int) -> Cursor:
        """Where a meter stands; one that is unknown stands at 0."""
        return self.cursors.get(meter) or Cursor()

    def restore(self, facts: Iterable[tuple[int, Fact]], cursors: Mapping[int, Cursor]) -> None:
        """The view stands where the index stands: at start, and after blocks were taken back."""
        self._book, self._fact_blocks = FactBook(), []
        self._views.clear()
        self._headers.clear()
        self.cursors = dict(cursors)
        for block, fact in facts:
            self._announce(block, (fact,))

    async def apply(self, blocks: Sequence[Block]) -> list[SettledFrame]:
        """The blocks are part of the view, and who waits for one is woken.

        Returns:
            What they settled, in order.
        """
        settled: list[SettledFrame] = []
        now_ms = self._clock()
        for block in blocks:
            self._announce(block.number, block.facts)
            for fact in block.facts:
                if isinstance(fact, MeterKey):
                    self.cursors[fact.meter] = apply_meter_key(self.cursors.get(fact.meter), fact)
            for settlement in block.settlements:
                settled += read_settled_frames(settlement)
            self.add_header(Header(block.number, block.hash, block.time_s, now_ms))
        for frame in settled:
            before = self.read_cursor(frame.meter)
            self.cursors[frame.meter] = Cursor(
                max(before.next_seq, frame.end_seq), max(before.key_index, frame.key_index)
            )
        async with self._advanced:
            self._advanced.notify_all()
        return settled

    def add_header(self, header: Header) -> None:
        """The header is known; kept in the order of numbers, the oldest dropped."""
        is_newest = header.number > self.head_number
        self._headers[header.number] = header
        if not is_newest:
            self._headers = OrderedDict(sorted(self._headers.items()))
        while len(self._headers) > KEPT_HEADERS:
            self._headers.popitem(last=False)

    def reference(self, age_ms: int) -> Header:
        """The newest block known for at least `age_ms`, or the head where facts are younger.

        Peers have most likely followed an aged block too. Facts announced since must count all the
        same: a record judged without them would be quarantined for good.

        Raises:
            ChainBehind: none is known.
        """
        newest = self.head
        latest_ms = self._clock() - age_ms
        aged = (
            header for header in reversed(self._headers.values()) if header.seen_at_ms <= latest_ms
        )
        found = next(aged, newest)
        newest_facts = self._fact_blocks[-1] if self._fact_blocks else 0
        return found if found.number >= newest_facts else newest

    def facts_at(self, block: int) -> Facts:
        """What was known at a block; must not be changed."""
        known = bisect_right(self._fact_blocks, block)
        newest = self._fact_blocks[known - 1] if known else -1
        view = self._views.get(newest)
        if view is None:
            view = self._views[newest] = self._book.at(block)
            if len(self._views) > KEPT_VIEWS:
                self._views.popitem(last=False)
        self._views.move_to_end(newest)
        return view

    @property
    def facts(self) -> Facts:
        """What is known at the head."""
        return self.facts_at(max(self.head_number, 0))

    async def find_block(self, number: int, timeout_s: float) -> Header | None:
        """The block of this number, waited for a moment; None where the chain is not that long."""
        if not await self._wait_for(number, timeout_s):
            return None
        known = self._headers.get(number)
        if known is None and (known := await self._read_header(number)) is not None:
            self.add_header(known)
        return known

    async def find_head(self, number: int) -> None:
        """The view has a head again: block `number` as the chain has it, if that is one."""
        if number >= 0 and (found := await self._read_header(number)) is not None:
            self.add_header(found)

    async def _wait_for(self, number: int, timeout_s: float) -> bool:
        if self.head_number >= number:
            return True
        try:
            async with asyncio.timeout(timeout_s), self._advanced:
                await self._advanced.wait_for(lambda: self.head_number >= number)
        except TimeoutError:
            return False
        return True

    def _announce(self, block: int, facts: Sequence[Fact]) -> None:
        if not facts:
            return
        self._book.announce(block, facts)
        if not self._fact_blocks or self._fact_blocks[-1] != block:
            self._fact_blocks.append(block)
        self._views.pop(block, None)


def read_settled_frames(settlement: Settlement) -> list[SettledFrame]:
    """The segments of a settlement that settled, with how many of their records are quarantined."""
    batch = decode_batch(settlement.data)
    starts = [segment.start for segment in batch.segments]
    quarantined = np.add.reduceat(read_reasons(batch.records) != 0, starts, dtype=np.int64)
    return [
        SettledFrame(
            segment.meter,
            segment.key_index,
            segment.first_seq,
            segment.end_seq,
            int(count),
            (batch, segment),
        )
        for place, (segment, count) in enumerate(zip(batch.segments, quarantined, strict=True))
        if settlement.settled_bitmap >> place & 1
    ]
