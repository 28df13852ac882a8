"""The Budgets contract's view as rows of the index."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tallystick.chain.bindings.budgets import Budget as ChainBudget
from tallystick.chain.bindings.budgets import Budgets, FrozenWhy, PeriodKind
from tallystick.chain.reader import read_views
from tallystick.chain.rpc import Rpc
from tallystick.projection import Budget
from tallystick_node.index.budgets import ReadBudgets

MS_PER_S: Final = 1_000


def create_budget_reader(rpc: Rpc, budgets_address: str) -> ReadBudgets:
    """A reader of many accounts' budgets in one call, with the block they hold at.

    Args:
        rpc: this node's.
        budgets_address: of the Budgets contract.
    """
    contract = Budgets(budgets_address)

    async def read_budgets(accounts: Sequence[int]) -> tuple[int, Sequence[Budget]]:
        block, (found,) = await read_views(rpc, [contract.budgets_of(accounts)])
        pairs = zip(accounts, found, strict=True)
        return block, [convert_budget(account, budget) for account, budget in pairs]

    return read_budgets


def convert_budget(account: int, budget: ChainBudget) -> Budget:
    """A budget as the index keeps it."""
    has_period = budget.period_kind is not PeriodKind.NONE
    why = [flag.name.lower() for flag in FrozenWhy if flag in budget.frozen_why and flag.name]
    return Budget(
        account=account,
        limit_ucr=budget.limit_ucr if budget.has_limit else None,
        spent_ucr=budget.spent_ucr,
        spent_lifetime_ucr=budget.spent_lifetime_ucr,
        leased_ucr=budget.leased_ucr,
        balance_ucr=budget.general_ucr + budget.exploration_ucr + budget.plan_ucr,
        overdraft_ucr=budget.overdraft_ucr,
        soft_ppm=budget.soft_ppm,
        frozen=bool(why),
        frozen_why=", ".join(why),
        period=format_period(budget.period_kind, budget.period_length_s),
        period_start_ms=budget.period_start_s * MS_PER_S if has_period else None,
        period_end_ms=budget.period_end_s * MS_PER_S if has_period else None,
        carried_ucr=budget.carried_ucr,
        rate_ucr=budget.rate_ucr,
        rate_window_s=budget.rate_window_s,
    )


def format_period(kind: PeriodKind, length_s: int) -> str:
    """A period as it is written on the command line."""
    if kind is not PeriodKind.FIXED:
        return kind.name.lower()
    for unit, seconds in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if length_s % seconds == 0:
            return f"{length_s // seconds}{unit}"
    return f"{length_s}s"
