"""Feeds the index: blocks wait in a bounded queue and are applied together, off the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, Protocol

from tallystick.chain.blocks import Block
from tallystick.core.facts import Fact
from tallystick.core.settlement import Cursor
from tallystick.projection import Projection
from tallystick_node.loops import resting

MAX_PENDING_BLOCKS: Final = 512
MAX_BLOCKS_PER_APPLY: Final = 64


class IndexListener(Protocol):
    """Stages that go by what the index holds."""

    def note_applied(self, accounts: Collection[int]) -> None:
        """More blocks are in the index, and touched the budgets of these accounts."""

    def note_unwound(self, to_block: int) -> None:
        """Blocks after `to_block` are out of it."""


class IndexFeed:
    """The follower's way into the projection. Run `step` in a loop.

    Args:
        projection: written by this feed alone.
        listeners: told after every change.
        gather_s: how long to rest after applying. An apply costs the same for one block as for
            many, so that a little lag saves most of the work.
    """

    def __init__(
        self,
        projection: Projection,
        listeners: Sequence[IndexListener] = (),
        *,
        gather_s: float = 0.2,
    ) -> None:
        self._projection = projection
        self._listeners = listeners
        self._gather_s = gather_s
        self._pending: list[Block] = []
        self._changed = asyncio.Condition()
        self._is_applying = False

    @property
    def facts(self) -> Iterable[tuple[int, Fact]]:
        """Every fact applied, with the block that announced it."""
        return self._projection.fact_book.dump()

    @property
    def cursors(self) -> Mapping[int, Cursor]:
        """By meter, as of the last block applied."""
        return self._projection.cursors

    @property
    def block(self) -> int:
        """The last block applied, -1 before the first."""
        position = self._projection.position
        return position[0] if position else -1

    @property
    def pending(self) -> int:
        """Blocks that wait."""
        return len(self._pending)

    async def put(self, blocks: Sequence[Block]) -> None:
        """The blocks will be applied; waits while too many are pending."""
        async with self._changed:
            await self._changed.wait_for(lambda: len(self._pending) < MAX_PENDING_BLOCKS)
            self._pending.extend(blocks)
            self._changed.notify_all()

    async def step(self) -> None:
        """What is pending is applied, as one transaction."""
        async with self._changed:
            with resting():
                await self._changed.wait_for(lambda: bool(self._pending))
            blocks = self._pending[:MAX_BLOCKS_PER_APPLY]
            self._is_applying = True
        try:
            touched = await asyncio.to_thread(self._projection.apply, blocks)
            del self._pending[: len(blocks)]
        finally:
            self._is_applying = False
        for listener in self._listeners:
            listener.note_applied(touched)
        async with self._changed:
            self._changed.notify_all()
        if len(self._pending) < MAX_BLOCKS_PER_APPLY:
            await asyncio.sleep(self._gather_s)

    async def unwind(self, to_block: int) -> None:
        """Blocks after `to_block` are gone, pending ones too."""
        async with self._changed:
            await self._changed.wait_for(lambda: not self._is_applying)
            self._pending = [block for block in self._pending if block.number <= to_block]
            await asyncio.to_thread(self._projection.unwind, to_block)
        for listener in self._listeners:
            listener.note_unwound(to_block)

    async def drain(self) -> None:
        """Returns once nothing is pending."""
        async with self._changed:
            await self._changed.wait_for(lambda: not self._pending)
