"""Grants, transfers and limits, as the Budgets contract rules over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum, IntFlag
from functools import partial
from typing import Any, Final

from tallystick.chain.bindings.credits import GENERAL
from tallystick.chain.calls import View, Write, first, nothing, view, write
from tallystick.core.hashes import compute_keccak256

NO_KEY: Final = bytes(32)

_view = partial(view, "Budgets")
_write = partial(write, "Budgets")


class PeriodKind(IntEnum):
    """How an account's spending is divided in time, in UTC."""

    NONE = 0
    FIXED = 1
    WEEK = 2
    MONTH = 3


class FrozenWhy(IntFlag):
    """Why an account is frozen; 0 = it is not."""

    OVERDRAFT = 1
    LIMIT = 2


@dataclass(frozen=True, slots=True)
class Budget:
    """An account's budget as of a block's time. Amounts in ucr, times in Unix seconds.

    `spent_ucr` counts against the limit: since `period_start_s`, or ever where there is no period.
    """

    has_limit: bool
    limit_ucr: int
    soft_ppm: int
    period_kind: PeriodKind
    period_length_s: int
    period_start_s: int
    period_end_s: int
    spent_ucr: int
    spent_lifetime_ucr: int
    leased_ucr: int
    general_ucr: int
    exploration_ucr: int
    plan_ucr: int
    overdraft_ucr: int
    is_soft_crossed: bool
    frozen_why: FrozenWhy
    reserved_ucr: int = 0
    """What leases of the account itself reserve of its own credits."""
    carry_ppm: int = 0
    carried_ucr: int = 0
    """What is left of the carry-over; the limit is higher by it."""
    rate_ucr: int = 0
    rate_window_s: int = 0
    rate_level_ucr: int = 0
    """What leases may take at once, rounded down."""
    is_exploring: bool = False


@dataclass(frozen=True, slots=True)
class Budgets:
    """The Budgets contract at an address."""

    address: str

    def credits(self) -> View[str]:
        """The Credits contract's address."""
        return _view(self.address, "credits", shape=first)

    def state(self) -> View[str]:
        """The BudgetState contract's address."""
        return _view(self.address, "state", shape=first)

    def budget_of(self, account: int) -> View[Budget]:
        """The account's budget; reverts where there is no such account."""
        return _view(self.address, "budgetOf", account, shape=lambda v: _budget(v[0]))

    def budgets_of(self, accounts: Sequence[int]) -> View[tuple[Budget, ...]]:
        """The accounts' budgets in the order asked."""
        return _view(
            self.address, "budgetsOf", list(accounts), shape=lambda v: tuple(map(_budget, v[0]))
        )

    def mint_allowance_of(
        self, organisation: int, credit_class: int = GENERAL
    ) -> View[tuple[int, int]]:
        """What the organisation's registrar may grant in all, and has granted, in ucr."""
        return _view(
            self.address,
            "mintAllowanceOf",
            organisation,
            credit_class,
            shape=lambda v: (v[0], v[1]),
        )

    def content_of_key(self, organisation: int, key: bytes) -> View[bytes]:
        """What was done under a key (see `compute_grant_content`), 32 zero bytes = nothing yet."""
        return _view(self.address, "contentOfKey", organisation, key, shape=first)

    def set_mint_allowance(
        self, organisation: int, amount_ucr: int, *, credit_class: int = GENERAL
    ) -> Write[None]:
        """The organisation's registrar may grant this much in all. By governance."""
        values = (organisation, credit_class, amount_ucr)
        return _write(self.address, "setMintAllowance", *values, outcome=nothing)

    def grant(
        self, account: int, amount_ucr: int, *, credit_id: int = GENERAL, key: bytes = NO_KEY
    ) -> Write[None]:
        """The account holds new credits. By the organisation's registrar."""
        values = (account, credit_id, amount_ucr, key)
        return _write(self.address, "grant", *values, outcome=nothing)

    def transfer(
        self,
        source: int,
        target: int,
        amount_ucr: int,
        *,
        credit_id: int = GENERAL,
        key: bytes = NO_KEY,
    ) -> Write[None]:
        """Credits lie with another account of the organisation. By the controller of both."""
        values = (source, target, credit_id, amount_ucr, key)
        return _write(self.address, "transfer", *values, outcome=nothing)

    def set_budget(  # noqa: PLR0913 - one for each term
        self,
        account: int,
        *,
        limit_ucr: int | None,
        period_kind: PeriodKind = PeriodKind.NONE,
        period_length_s: int = 0,
        soft_ppm: int = 0,
        carry_ppm: int = 0,
        rate_ucr: int = 0,
        rate_window_s: int = 0,
    ) -> Write[None]:
        """The account has this budget. By an ancestor's controller or the registrar.

        Whatever gives more room also needs the role for it, and its delay to have passed.

        Args:
            account: its id.
            limit_ucr: the most one period may spend, None = unlimited.
            period_kind: how time is divided.
            period_length_s: of a fixed period, else 0.
            soft_ppm: the soft threshold in millionths of the limit, 0 = none.
            carry_ppm: how much of the limit a period may leave to the next, in millionths.
            rate_ucr: what leases may take in a window.
            rate_window_s: the window, 0 = no rate.
        """
        limit = (limit_ucr is not None, limit_ucr or 0)
        terms = (*limit, period_kind, period_length_s, soft_ppm, carry_ppm, rate_ucr, rate_window_s)
        return _write(self.address, "setBudget", account, terms, outcome=nothing)


def compute_idempotency_key(text: str) -> bytes:
    """The 32 bytes that stand for a key of a person's choosing: keccak-256 of its UTF-8."""
    return compute_keccak256(text.encode())


def _budget(values: Sequence[Any]) -> Budget:
    raw = Budget(*values)
    return replace(
        raw, period_kind=PeriodKind(raw.period_kind), frozen_why=FrozenWhy(raw.frozen_why)
    )
