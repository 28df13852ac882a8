"""Budgets as the chain's own view states them, read again for whoever a block touched.

What is left moves with block time and period rolls, which no event announces; so the index asks the
chain instead of adding up events.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Final

from tallystick.projection import Budget, Projection

ACCOUNTS_PER_READ: Final = 100

ReadBudgets = Callable[[Sequence[int]], Awaitable[tuple[int, Sequence[Budget]]]]
"""Asks the chain for these accounts' budgets; returns the block it answered for, too."""


class BudgetRefresher:
    """Keeps the table `budgets` current. Run `step` in a loop.

    The accounts that wait are a set: however many blocks touch one, it is read once, and the set
    never outgrows the accounts there are.

    Args:
        projection: whose table it is.
        read_budgets: from the chain.
    """

    def __init__(self, projection: Projection, read_budgets: ReadBudgets) -> None:
        self._projection = projection
        self._read_budgets = read_budgets
        self._waiting: set[int] = set()
        self._marked = asyncio.Event()
        self.note_applied(projection.facts.accounts.keys())

    def note_applied(self, accounts: Collection[int]) -> None:
        """These accounts' budgets are to be read again."""
        self._waiting.update(accounts)
        if self._waiting:
            self._marked.set()

    def note_unwound(self, to_block: int) -> None:  # noqa: ARG002 - what it read went with it
        """All budgets are to be read again: blocks were taken back."""
        self.note_applied(self._projection.facts.accounts.keys())

    async def step(self) -> None:
        """Some of the waiting accounts are read and kept; they wait on when the chain fails."""
        await self._marked.wait()
        chosen = sorted(self._waiting)[:ACCOUNTS_PER_READ]
        self._waiting.difference_update(chosen)
        if not self._waiting:
            self._marked.clear()
        try:
            block, budgets = await self._read_budgets(chosen)
            await asyncio.to_thread(self._projection.put_budgets, block, budgets)
        except BaseException:
            self.note_applied(chosen)
            raise
