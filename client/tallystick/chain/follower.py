"""Follows the chain block by block, and takes back what the chain takes back."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final

from tallystick.chain.assembly import Assembler, OnUnreadable
from tallystick.chain.blocks import Advanced, Unwound
from tallystick.chain.errors import AnswerMalformed
from tallystick.chain.network import Network
from tallystick.chain.pages import Header, PageReader
from tallystick.chain.rpc import Rpc

TAIL_BLOCKS: Final = 128
"""How many of the last blocks' hashes are kept: the deepest reorganisation followed exactly."""


class Follower:
    """A position on the chain that moves with every poll.

    Args:
        rpc: the chain.
        network: whose contracts to look at.
        from_block: the first block of interest.
        known: (number, hash) of blocks already followed, ascending; the last is the position.
        finality_tag: how far to follow: `latest`, or `finalized` where the engine has it.
        page_blocks: blocks per poll at most.
        on_unreadable: see `Assembler`.
    """

    def __init__(
        self,
        rpc: Rpc,
        network: Network,
        *,
        from_block: int = 0,
        known: Sequence[tuple[int, str]] = (),
        finality_tag: str = "latest",
        page_blocks: int = 2000,
        on_unreadable: OnUnreadable | None = None,
    ) -> None:
        self._pages = PageReader(rpc, network, page_blocks)
        self._assembler = Assembler(network, on_unreadable)
        self._from_block = from_block
        self._finality_tag = finality_tag
        self._tail = deque(known, maxlen=TAIL_BLOCKS)

    @property
    def position(self) -> int:
        """The number of the last block followed, one before the first where there is none."""
        return self._tail[-1][0] if self._tail else self._from_block - 1

    async def poll(self, to_block: int | None = None) -> Advanced | Unwound | None:
        """The next page of blocks, or how far the chain went back, or None where nothing is new.

        Args:
            to_block: follow no further than this.

        Raises:
            ChainMoved: blocks were replaced while they were read; poll again.
            SettlementUnreadable: see `Assembler`.
            ChainUnreachable: no endpoint answered.
        """
        head = await self._pages.read_header(self._finality_tag)
        if head is None:
            raise AnswerMalformed("a chain node knows no head", actual=self._finality_tag)
        if self._tail and not self._may_follow(head):
            return await self._unwind()
        last = head.number if to_block is None else min(head.number, to_block)
        if last <= self.position:
            return None
        page = await self._pages.read(self.position + 1, last)
        if self._tail and page.headers[0].parent_hash != self._tail[-1][1]:
            return await self._unwind()
        blocks = self._assembler.assemble(page)
        self._tail.extend((header.number, header.hash) for header in page.headers)
        return Advanced(blocks, head.number)

    def _may_follow(self, head: Header) -> bool:
        """Whether our last block may be on the head's chain; a higher head's parents will tell."""
        number, tip_hash = self._tail[-1]
        return head.number > number or (head.number == number and head.hash == tip_hash)

    async def _unwind(self) -> Unwound:
        """The position is the last block that the chain still has."""
        headers = await self._pages.read_headers([number for number, _ in self._tail])
        for header in reversed(headers):
            number, known_hash = self._tail[-1]
            if header is not None and header.hash == known_hash:
                return Unwound(number)
            self._tail.pop()
        return Unwound(self._from_block - 1)
