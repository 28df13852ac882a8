"""Following: every block goes once, in order, to all who have to know of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Final, Protocol

import structlog

from tallystick.chain.bindings.authority import LEDGER
from tallystick.chain.blocks import Advanced, Block, Unwound
from tallystick.chain.rpc import Rpc
from tallystick.chain.submission_effects import Outcome
from tallystick.core.facts import Fact
from tallystick.core.settlement import Cursor
from tallystick_node.chain_view import ChainView, Header, SettledFrame
from tallystick_node.clock import Clock
from tallystick_node.loops import resting

TICK_S: Final = 2.0
MAX_RESTS: Final = 4
"""What reverted leaves no event: it is looked for this many ticks later at the latest."""

log = structlog.get_logger(__name__)


class BlockFollower(Protocol):
    """Where blocks come from."""

    async def poll(self) -> Advanced | Unwound | None:
        """What happened since the last poll."""

    @property
    def position(self) -> int:
        """The last block followed."""


class BlockIndex(Protocol):
    """The index, which keeps what the view forgets."""

    async def put(self, blocks: Sequence[Block]) -> None:
        """The blocks will be applied; waits while too many are pending."""

    async def unwind(self, to_block: int) -> None:
        """Blocks after `to_block` are gone."""

    async def drain(self) -> None:
        """Returns once everything put is in the index."""

    @property
    def facts(self) -> Iterable[tuple[int, Fact]]:
        """Every fact with the block that announced it, in order."""

    @property
    def cursors(self) -> Mapping[int, Cursor]:
        """By meter."""


class Submissions(Protocol):
    """What this node has sent."""

    def on_block(self, block: Block) -> list[Outcome]:
        """What the block decided."""

    def on_unwound(self, to_block: int) -> None:
        """Blocks were taken back."""

    async def tick(self) -> list[Outcome]:
        """Whatever is due."""

    @property
    def calls_in_flight(self) -> int:
        """Sent, and of a kind that leaves no event where it fails."""


class Listener(Protocol):
    """Stages that go by what settled."""

    def apply_settled(self, frames: Sequence[SettledFrame]) -> None:
        """These frames settled, whoever submitted them."""

    def apply_outcomes(self, outcomes: Iterable[Outcome]) -> None:
        """These batches of this node came to an end."""


HasOtherLedger = Callable[[int], Awaitable[bool]]
"""Whether the chain as of a block names other ledgers than those this node works with."""


class Following:
    """The follower's loop.

    Args:
        follower: of the chain.
        view: kept up to date.
        index: fed with every block.
        submissions: told what was mined.
        listener: told what settled.
        clock: this node's.
        interval_s: between polls at the chain's head.
        has_other_ledger: asked where a block moves the ledger's role.
    """

    def __init__(  # noqa: PLR0913 - what is followed, and all who have to know
        self,
        follower: BlockFollower,
        view: ChainView,
        index: BlockIndex,
        submissions: Submissions,
        listener: Listener,
        clock: Clock,
        *,
        interval_s: float,
        has_other_ledger: HasOtherLedger,
    ) -> None:
        self._has_other_ledger = has_other_ledger
        self.replaced = asyncio.Event()
        """Set once a vote has put another ledger in place: the node is to be built anew."""
        self._follower = follower
        self._view = view
        self._index = index
        self._submissions = submissions
        self._listener = listener
        self._clock = clock
        self._interval_s = interval_s
        self._has_news = False
        self._rested = 0

    async def restore(self) -> None:
        """The view stands where the index stands."""
        self._view.restore(self._index.facts, self._index.cursors)
        await self._view.find_head(self._follower.position)

    async def step(self) -> None:
        """One poll, and all that follows from it."""
        match await self._follower.poll():
            case Advanced() as advanced:
                await self._advance(advanced)
            case Unwound(to_block):
                log.warning("chain_unwound", to_block=to_block)
                self._submissions.on_unwound(to_block)
                await self._index.unwind(to_block)
                await self.restore()
            case None:
                self._view.synced_at_ms = self._clock()
                await asyncio.sleep(self._interval_s)

    async def tick(self) -> None:
        """Resends and look-ups that are due, seldom while blocks keep telling of what was sent."""
        self._has_news = False
        await asyncio.sleep(TICK_S)
        may_rest = self._has_news and not self._submissions.calls_in_flight
        if may_rest and self._rested < MAX_RESTS:
            self._rested += 1
            return
        self._rested = 0
        self._listener.apply_outcomes(await self._submissions.tick())

    async def _advance(self, advanced: Advanced) -> None:
        blocks = await self._cut_at_replacement(advanced.blocks)
        settled = await self._view.apply(blocks)
        for block in blocks:
            outcomes = self._submissions.on_block(block)
            self._has_news = self._has_news or bool(outcomes)
            self._listener.apply_outcomes(outcomes)
        self._listener.apply_settled(settled)
        await self._index.put(blocks)
        if len(blocks) < len(advanced.blocks):
            await self._index.drain()
            self.replaced.set()
            with resting():
                await asyncio.Event().wait()  # nothing is followed any further
        self._view.lag_blocks = max(advanced.head - self._view.head_number, 0)
        if self._view.head_number >= advanced.head:
            self._view.synced_at_ms = self._clock()
            await asyncio.sleep(self._interval_s)  # the next poll then brings several blocks

    async def _cut_at_replacement(self, blocks: Sequence[Block]) -> Sequence[Block]:
        """The blocks before the one that puts another ledger in place, which we cannot read."""
        for place, block in enumerate(blocks):
            if _moves_ledger(block) and await self._has_other_ledger(block.number):
                log.warning("ledger_replaced", block=block.number)
                return blocks[:place]
        return blocks


def _moves_ledger(block: Block) -> bool:
    return any(
        event.contract == "AccessManager" and event.args.get("roleId") == LEDGER
        for event in block.events
    )


async def read_header(rpc: Rpc, number: int, clock: Clock) -> Header | None:
    """A block's header straight from the chain, None where it has none of that number."""
    raw = await rpc.call("eth_getBlockByNumber", hex(number), False)
    if raw is None:
        return None
    return Header(number, raw["hash"].lower(), int(raw["timestamp"], 16), clock())
