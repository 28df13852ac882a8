"""Budgets as the chain's own view states them, read again for whoever a block touched or outlived.

What is left moves with block time and period rolls, which no event announces; so the index asks the
chain instead of adding up events, and asks again once a block is newer than an account's period.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Final

from tallystick.projection import Budget, Projection
from tallystick_node.loops import resting

ACCOUNTS_PER_READ: Final = 100
NEVER_MS: Final = 2**63

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
        self._period_ends_ms: dict[int, int] = {}
        self._next_end_ms = NEVER_MS
        self._marked = asyncio.Event()
        self.note_applied(projection.facts.accounts.keys())

    def note_applied(self, accounts: Collection[int]) -> None:
        """These accounts' budgets are to be read again."""
        self._waiting.update(accounts)
        self._waiting.update(self._pop_rolled())
        if self._waiting:
            self._marked.set()

    def note_unwound(self, to_block: int) -> None:  # noqa: ARG002 - what it read went with it
        """All budgets are to be read again: blocks were taken back."""
        self.note_applied(self._projection.facts.accounts.keys())

    async def step(self) -> None:
        """Some of the waiting accounts are read and kept; they wait on when the chain fails."""
        with resting():
            await self._marked.wait()
        chosen = sorted(self._waiting)[:ACCOUNTS_PER_READ]
        self._waiting.difference_update(chosen)
        if not self._waiting:
            self._marked.clear()
        try:
            block, budgets = await self._read_budgets(chosen)
            await asyncio.to_thread(self._projection.put_budgets, block, budgets)
            self._note_periods(budgets)
        except BaseException:
            self.note_applied(chosen)
            raise

    def _note_periods(self, budgets: Sequence[Budget]) -> None:
        for budget in budgets:
            if budget.period_end_ms is None:
                self._period_ends_ms.pop(budget.account, None)
            else:
                self._period_ends_ms[budget.account] = budget.period_end_ms
        self._next_end_ms = min(self._period_ends_ms.values(), default=NEVER_MS)

    def _pop_rolled(self) -> list[int]:
        """The accounts whose period ended before the newest block; each is told once a reading."""
        now_ms = self._projection.time_ms
        if now_ms < self._next_end_ms:
            return []
        rolled = [account for account, end_ms in self._period_ends_ms.items() if end_ms <= now_ms]
        for account in rolled:
            del self._period_ends_ms[account]
        self._next_end_ms = min(self._period_ends_ms.values(), default=NEVER_MS)
        return rolled
