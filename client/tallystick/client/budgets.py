"""Budgets: what an account may spend, and what is left of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from tallystick.chain.bindings.authority import Authority
from tallystick.chain.bindings.budgets import Budget, FrozenWhy, PeriodKind
from tallystick.chain.calls import Write
from tallystick.chain.errors import TransactionReverted
from tallystick.client.accounts import AccountTree, load_tree
from tallystick.client.errors import IncreaseScheduled
from tallystick.client.wire import Wire
from tallystick.core.units import PPM
from tallystick.local.roles import REGISTRAR

MS_PER_S: Final = 1_000
DEFAULT_SOFT_PPM: Final = 800_000
BUDGETS_PER_READ: Final = 100

__all__ = ["BudgetChange", "BudgetView", "Period", "PeriodKind", "Rate"]


@dataclass(frozen=True)
class Period:
    """How an account's spending is divided in time; `length_s` counts where the kind is FIXED."""

    kind: PeriodKind
    length_s: int = 0


@dataclass(frozen=True)
class Rate:
    """The most that leases may take in a window of time; it refills all the while."""

    amount_ucr: int
    window_s: int


class BudgetView(msgspec.Struct, frozen=True):
    """A budget as commands show it: amounts in ucr, times in Unix ms, None = there is none.

    `remaining` is what the account and all below it can still spend or set aside: their balances
    less what leases reserve, as far as the limits of the account, of those below and of those above
    allow. `carried` is what is left of earlier periods, on top of the limit.
    """

    path: str
    limit: int | None
    spent: int
    leased: int
    balance: int
    overdraft: int
    soft: int | None
    soft_ppm: int
    frozen: bool
    frozen_why: str | None
    period: str
    period_start: int | None
    period_end: int | None
    spent_lifetime: int
    remaining: int
    carry_ppm: int = 0
    carried: int = 0
    rate: int | None = None
    rate_window_s: int | None = None
    rate_left: int | None = None


@dataclass(frozen=True)
class BudgetChange:
    """What `set_budget` changes; what is not named stays as it is."""

    limit_ucr: int | None = None
    removes_limit: bool = False
    period: Period | None = None
    soft_ppm: int | None = None
    carry_ppm: int | None = None
    rate: Rate | None = None
    removes_rate: bool = False


def set_budget(wire: Wire, path: str, change: BudgetChange) -> bool:
    """The account has the changed budget; tells whether that was new."""
    account = load_tree(wire).require(path)
    now = wire.read(wire.budgets.budget_of(account))
    limit = now.limit_ucr if now.has_limit else None
    limit = change.limit_ucr if change.limit_ucr is not None else limit
    limit = None if change.removes_limit else limit
    period = change.period or Period(now.period_kind, now.period_length_s)
    soft_ppm = _choose_soft_ppm(now, change, limit)
    carry_ppm = now.carry_ppm if change.carry_ppm is None else change.carry_ppm
    rate = change.rate or Rate(now.rate_ucr, now.rate_window_s)
    rate = Rate(0, 0) if change.removes_rate else rate
    write = wire.budgets.set_budget(
        account,
        limit_ucr=limit,
        period_kind=period.kind,
        period_length_s=period.length_s,
        soft_ppm=soft_ppm,
        carry_ppm=carry_ppm if limit is not None else 0,
        rate_ucr=rate.amount_ucr,
        rate_window_s=rate.window_s,
    )
    if write.data == _restate(wire, account, now).data:
        return False
    _send_or_schedule(wire, write)
    return True


def _send_or_schedule(wire: Wire, write: Write[None]) -> None:
    """What gives more room is announced first, where its sender has to wait.

    Raises:
        IncreaseScheduled: it is announced now, or was and the time has not come.
    """
    try:
        wire.send(REGISTRAR, write)
    except TransactionReverted as error:
        if error.error_name == "AccessManagerNotReady":
            raise IncreaseScheduled(
                "this gives more room, was announced, and its time has not come"
            ) from error
        if error.error_name != "AccessManagerNotScheduled":
            raise
        authority = Authority(wire.network.addresses.authority)
        at_s = wire.send(REGISTRAR, authority.schedule(write))
        raise IncreaseScheduled(
            "this gives more room and is announced; repeat it when its time has come",
            expected=f"Unix second {at_s}",
        ) from error


def _restate(wire: Wire, account: int, now: Budget) -> Write[None]:
    return wire.budgets.set_budget(
        account,
        limit_ucr=now.limit_ucr if now.has_limit else None,
        period_kind=now.period_kind,
        period_length_s=now.period_length_s,
        soft_ppm=now.soft_ppm,
        carry_ppm=now.carry_ppm,
        rate_ucr=now.rate_ucr,
        rate_window_s=now.rate_window_s,
    )


def read_budget(wire: Wire, path: str) -> BudgetView:
    """One account's budget."""
    tree = load_tree(wire)
    account = tree.require(path)
    return _view(tree, _load_budgets(wire, tree), account)


def list_budgets(wire: Wire) -> list[BudgetView]:
    """Every account's budget, by path."""
    tree = load_tree(wire)
    budgets = _load_budgets(wire, tree)
    views = [_view(tree, budgets, account) for account in tree.accounts]
    return sorted(views, key=lambda view: view.path)


def compute_remaining(tree: AccountTree, budgets: Mapping[int, Budget], account: int) -> int:
    """What the account and all below it can still spend, in ucr."""
    above = [_room(budgets[ancestor]) for ancestor in tree.ancestors(account)[1:]]
    return _at_most(_available(tree, budgets, account), above)


def format_period(budget: Budget) -> str:
    """A period as it is written on the command line."""
    if budget.period_kind is not PeriodKind.FIXED:
        return budget.period_kind.name.lower()
    for unit, seconds in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if budget.period_length_s % seconds == 0:
            return f"{budget.period_length_s // seconds}{unit}"
    return f"{budget.period_length_s}s"


def _choose_soft_ppm(now: Budget, change: BudgetChange, limit: int | None) -> int:
    if change.soft_ppm is not None:
        return change.soft_ppm
    if limit is not None and not now.has_limit and not now.soft_ppm:
        return DEFAULT_SOFT_PPM
    return now.soft_ppm


def _load_budgets(wire: Wire, tree: AccountTree) -> dict[int, Budget]:
    ids = list(tree.accounts)
    pages: Sequence[tuple[Budget, ...]] = wire.read_all(
        [
            wire.budgets.budgets_of(ids[start : start + BUDGETS_PER_READ])
            for start in range(0, len(ids), BUDGETS_PER_READ)
        ]
    )
    return dict(zip(ids, (budget for page in pages for budget in page), strict=True))


def _available(tree: AccountTree, budgets: Mapping[int, Budget], account: int) -> int:
    """Balances of the account and all below it, as far as their own limits allow."""
    own = _balance(budgets[account]) - budgets[account].reserved_ucr
    below = sum(_available(tree, budgets, child) for child in tree.children(account))
    return _at_most(own + below, [_room(budgets[account])])


def _room(budget: Budget) -> int | None:
    """What the limit and earlier periods leave beside open leases, None without a limit."""
    if not budget.has_limit:
        return None
    room_ucr = budget.limit_ucr + budget.carried_ucr - budget.spent_ucr - budget.leased_ucr
    return max(room_ucr, 0)


def _at_most(amount: int, bounds: Sequence[int | None]) -> int:
    return min([amount, *(bound for bound in bounds if bound is not None)])


def _balance(budget: Budget) -> int:
    return budget.general_ucr + budget.plan_ucr + budget.exploration_ucr


def _view(tree: AccountTree, budgets: Mapping[int, Budget], account: int) -> BudgetView:
    budget = budgets[account]
    has_period = budget.period_kind is not PeriodKind.NONE
    has_soft = budget.has_limit and budget.soft_ppm > 0
    why = [flag.name.lower() for flag in FrozenWhy if flag in budget.frozen_why and flag.name]
    return BudgetView(
        path=tree.path(account),
        limit=budget.limit_ucr if budget.has_limit else None,
        spent=budget.spent_ucr,
        leased=budget.leased_ucr,
        balance=_balance(budget),
        overdraft=budget.overdraft_ucr,
        soft=budget.limit_ucr * budget.soft_ppm // PPM if has_soft else None,
        soft_ppm=budget.soft_ppm,
        frozen=bool(why),
        frozen_why=", ".join(why) or None,
        period=format_period(budget),
        period_start=budget.period_start_s * MS_PER_S if has_period else None,
        period_end=budget.period_end_s * MS_PER_S if has_period else None,
        spent_lifetime=budget.spent_lifetime_ucr,
        remaining=compute_remaining(tree, budgets, account),
        carry_ppm=budget.carry_ppm,
        carried=budget.carried_ucr,
        rate=budget.rate_ucr if budget.rate_window_s else None,
        rate_window_s=budget.rate_window_s or None,
        rate_left=budget.rate_level_ucr if budget.rate_window_s else None,
    )
