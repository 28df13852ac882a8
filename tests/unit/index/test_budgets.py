"""Budgets are read again for whoever a block touched, and not forgotten when the chain fails."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from tests.unit.projection.builders import (
    CHAT,
    NETWORK,
    NOW_MS,
    SyntheticChain,
    base_facts,
)

from tallystick.chain.bindings.budgets import Budget as ChainBudget
from tallystick.chain.bindings.budgets import FrozenWhy, PeriodKind
from tallystick.chain.errors import ChainUnreachable
from tallystick.projection import Budget, Projection, Queries
from tallystick_node.index.budgets import BudgetRefresher
from tallystick_node.index.chain_budgets import convert_budget, format_period


class ChainBudgets:
    """The chain's view: every account has spent its id; it fails as often as told."""

    def __init__(self, failures: int = 0, end_ms: int | None = None) -> None:
        self.failures = failures
        self.end_ms = end_ms
        self.asked: list[list[int]] = []

    async def read(self, accounts: Sequence[int]) -> tuple[int, list[Budget]]:
        if self.failures:
            self.failures -= 1
            raise ChainUnreachable("nobody answered")
        self.asked.append(list(accounts))
        budgets = [
            Budget(account, 10, account, account, 0, 4, 0, 0, False, "", "30d", 0, self.end_ms)
            for account in accounts
        ]
        return 1, budgets


def create_projection() -> Projection:
    chain = SyntheticChain()
    chain.add_block(facts=base_facts())
    projection = Projection(None, NETWORK)
    projection.apply(chain.blocks)
    return projection


def test_refresher_reads_all_at_first_and_then_who_was_touched() -> None:
    projection, chain = create_projection(), ChainBudgets()
    refresher = BudgetRefresher(projection, chain.read)

    async def run() -> None:
        await refresher.step()
        refresher.note_applied({1, CHAT})
        refresher.note_applied({CHAT})
        await refresher.step()

    asyncio.run(run())
    assert chain.asked == [list(range(1, 11)), [1, CHAT]]
    accounts = Queries(projection).directory.accounts()
    assert all(row["spent_ucr"] == row["account"] for row in accounts)


def test_refresher_reads_again_when_a_block_is_newer_than_the_period() -> None:
    chain = SyntheticChain()
    chain.add_block(facts=base_facts())
    projection = Projection(None, NETWORK)
    projection.apply(chain.blocks)
    budgets = ChainBudgets(end_ms=NOW_MS + 60_000)
    refresher = BudgetRefresher(projection, budgets.read)

    async def apply(time_s: int) -> None:
        chain.add_block(time_s=time_s)
        refresher.note_applied(projection.apply(chain.blocks))
        refresher.note_applied({CHAT})
        await refresher.step()

    async def run() -> None:
        await refresher.step()
        await apply(NOW_MS // 1000 + 59)
        budgets.end_ms = NOW_MS + 600_000
        await apply(NOW_MS // 1000 + 60)
        await apply(NOW_MS // 1000 + 61)

    asyncio.run(run())
    everybody = list(range(1, 11))
    assert budgets.asked == [everybody, [CHAT], everybody, [CHAT]]


def test_refresher_asks_again_when_the_chain_failed() -> None:
    projection, chain = create_projection(), ChainBudgets(failures=1)
    refresher = BudgetRefresher(projection, chain.read)

    async def run() -> None:
        with pytest.raises(ChainUnreachable):
            await refresher.step()
        await refresher.step()

    asyncio.run(run())
    assert chain.asked == [list(range(1, 11))]


def test_refresher_reads_all_again_when_blocks_were_taken_back() -> None:
    projection, chain = create_projection(), ChainBudgets()
    refresher = BudgetRefresher(projection, chain.read)

    async def run() -> None:
        await refresher.step()
        refresher.note_unwound(1)
        await refresher.step()

    asyncio.run(run())
    assert chain.asked == [list(range(1, 11))] * 2


def test_remaining_is_what_every_limit_on_the_way_allows() -> None:
    """acme (limit 100, spent 40) > support (limit 50, spent 45, holds 7) > chat (holds 30)."""
    projection = create_projection()

    def budget(account: int, limit: int | None, spent: int, balance: int) -> Budget:
        return Budget(account, limit, spent, spent, 0, balance, 0, 0, False, "", "none", None, None)

    projection.put_budgets(
        1,
        [
            budget(1, 100, 40, 0),
            budget(2, 50, 45, 7),
            budget(3, None, 45, 30),
            budget(5, None, 0, 90),
            budget(9, None, 0, 11),
        ],
    )
    rows = Queries(projection).directory.accounts()
    left = {row["path"]: row["remaining_ucr"] for row in rows}
    assert left["acme/support/chat"] == 5
    assert left["acme/support"] == 5
    assert left["acme/engineering"] == 60
    assert left["acme"] == 60
    assert left["rival"] == 11
    assert left["rival/search"] is None


def test_remaining_counts_what_was_carried_over() -> None:
    projection = create_projection()
    carried = Budget(3, 50, 0, 9, 0, 90, 0, 0, False, "", "30d", 0, 2**60, carried_ucr=20)
    projection.put_budgets(1, [carried])
    rows = Queries(projection).directory.accounts()
    assert [row["remaining_ucr"] for row in rows if row["account"] == CHAT] == [70]


def test_chain_budget_is_converted_to_the_index() -> None:
    found = convert_budget(
        7,
        ChainBudget(
            True, 2**79, 800_000, PeriodKind.MONTH, 0, 10, 20, 5, 6, 0, 1, 2, 4, 9, True,
            FrozenWhy.OVERDRAFT | FrozenWhy.LIMIT,
        ),
    )  # fmt: skip
    assert (found.balance_ucr, found.frozen_why) == (7, "overdraft, limit")
    assert (found.period, found.period_start_ms, found.period_end_ms) == ("month", 10_000, 20_000)


@pytest.mark.parametrize(
    ("kind", "length_s", "text"),
    [
        (PeriodKind.NONE, 0, "none"),
        (PeriodKind.WEEK, 0, "week"),
        (PeriodKind.FIXED, 30 * 86_400, "30d"),
        (PeriodKind.FIXED, 7_200, "2h"),
        (PeriodKind.FIXED, 90, "90s"),
    ],
)
def test_period_is_written_as_on_the_command_line(
    kind: PeriodKind, length_s: int, text: str
) -> None:
    assert format_period(kind, length_s) == text
