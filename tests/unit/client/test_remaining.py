"""What is left: balances of an account and all below it, as far as every limit allows."""

from collections.abc import Mapping

import pytest

from tallystick.chain.bindings.budgets import Budget, FrozenWhy, PeriodKind
from tallystick.chain.bindings.registry import RegisteredAccount
from tallystick.client.accounts import AccountTree
from tallystick.client.budgets import compute_remaining, format_period

PARENTS = {1: 0, 2: 1, 3: 2, 4: 2}
TREE = AccountTree(
    {
        account: RegisteredAccount(parent, 1, 1, True, "0x", f"a{account}")
        for account, parent in PARENTS.items()
    }
)


def make_budget(
    *,
    balance: int = 0,
    limit: int | None = None,
    spent: int = 0,
    period: PeriodKind = PeriodKind.NONE,
    length_s: int = 0,
) -> Budget:
    return Budget(
        has_limit=limit is not None,
        limit_ucr=limit or 0,
        soft_ppm=0,
        period_kind=period,
        period_length_s=length_s,
        period_start_s=0,
        period_end_s=0,
        spent_ucr=spent,
        spent_lifetime_ucr=spent,
        leased_ucr=0,
        general_ucr=balance,
        exploration_ucr=0,
        plan_ucr=0,
        overdraft_ucr=0,
        is_soft_crossed=False,
        frozen_why=FrozenWhy(0),
    )


def make_budgets(**changed: Budget) -> Mapping[int, Budget]:
    return {account: changed.get(f"a{account}", make_budget()) for account in PARENTS}


@pytest.mark.parametrize(
    ("budgets", "account", "expected"),
    [
        (make_budgets(), 3, 0),
        (make_budgets(a3=make_budget(balance=50)), 3, 50),
        (make_budgets(a3=make_budget(balance=50, limit=30, spent=10)), 3, 20),
        (make_budgets(a3=make_budget(balance=50, limit=30, spent=40)), 3, 0),
        (make_budgets(a3=make_budget(balance=50), a2=make_budget(limit=5)), 3, 5),
        (make_budgets(a3=make_budget(balance=50), a1=make_budget(limit=7, spent=1)), 3, 6),
        (make_budgets(a3=make_budget(balance=50), a4=make_budget(balance=8)), 2, 58),
        (make_budgets(a3=make_budget(balance=50, limit=5), a4=make_budget(balance=8)), 1, 13),
        (make_budgets(a2=make_budget(balance=9)), 3, 0),
    ],
)
def test_remaining_is_bounded_by_balances_and_every_limit(
    budgets: Mapping[int, Budget], account: int, expected: int
) -> None:
    assert compute_remaining(TREE, budgets, account) == expected


@pytest.mark.parametrize(
    ("budget", "expected"),
    [
        (make_budget(), "none"),
        (make_budget(period=PeriodKind.MONTH), "month"),
        (make_budget(period=PeriodKind.FIXED, length_s=2_592_000), "30d"),
        (make_budget(period=PeriodKind.FIXED, length_s=43_200), "12h"),
        (make_budget(period=PeriodKind.FIXED, length_s=61), "61s"),
    ],
)
def test_period_is_written_as_on_the_command_line(budget: Budget, expected: str) -> None:
    assert format_period(budget) == expected
