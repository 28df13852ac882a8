"""`tallystick budget`: what accounts may spend, and what is left."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from tallystick.cli.app import Session, command, create_app
from tallystick.cli.credit import describe_amount
from tallystick.cli.errors import UsageInvalid
from tallystick.cli.render import Table
from tallystick.cli.values import (
    format_share,
    format_time,
    parse_limit_ucr,
    parse_period,
    parse_share_ppm,
)
from tallystick.client.budgets import BudgetChange, BudgetView
from tallystick.core.units import format_credits

app = create_app("What accounts may spend, and what is left of it.")
COLUMNS = (
    "account",
    "limit",
    "spent",
    "balance",
    "overdraft",
    "remaining",
    "soft",
    "period",
    "until",
    "frozen",
)
AMOUNTS = frozenset({"limit", "spent", "balance", "overdraft", "remaining", "soft"})
PLACES = 2


def add_to(root: typer.Typer) -> None:
    """The commands are part of the program."""
    root.add_typer(app, name="budget")


@command(
    app,
    "set",
    examples=(
        "tallystick budget set acme/support/chat --limit 500 --period month --soft 80%",
        "tallystick budget set acme/support/chat --limit none",
    ),
)
def set_(
    context: typer.Context,
    path: Annotated[str, typer.Argument(metavar="PATH", help="the account")],
    limit: Annotated[
        str | None, typer.Option(metavar="CREDITS", help="the most one period may spend, or none")
    ] = None,
    period: Annotated[
        str | None, typer.Option(help="30d, 12h, week, month (calendar, UTC), or none")
    ] = None,
    soft: Annotated[
        str | None, typer.Option(metavar="SHARE", help="warn at this share of the limit: 80%")
    ] = None,
) -> None:
    """Set a limit, its period or its soft threshold; what is not named stays as it is."""
    if limit is None and period is None and soft is None:
        raise UsageInvalid("nothing to change", expected="--limit, --period or --soft")
    session: Session = context.obj
    limit_ucr = parse_limit_ucr(limit) if limit is not None else None
    change = BudgetChange(
        limit_ucr=limit_ucr,
        removes_limit=limit is not None and limit_ucr is None,
        period=parse_period(period) if period is not None else None,
        soft_ppm=parse_share_ppm(soft) if soft is not None else None,
    )
    with session.open_client() as client:
        session.announce(f"Setting {path}: {_describe_change(change, period)}")
        was_new = client.set_budget(path, change)
        budget = client.budget(path)
    if not was_new:
        session.output.note("this was its budget already")
    session.output.show(describe(budget), _table([budget]))


@command(
    app,
    "show",
    examples=("tallystick budget show", "tallystick budget show acme/support --json"),
)
def show(
    context: typer.Context,
    path: Annotated[
        str | None, typer.Argument(metavar="[PATH]", help="one account; without, all of them")
    ] = None,
) -> None:
    """Show limits, what was spent and what is left."""
    session: Session = context.obj
    with session.open_client() as client:
        if path is not None:
            budget = client.budget(path)
            session.output.show(describe(budget), _table([budget]))
            return
        budgets = client.budgets()
    session.output.show([describe(budget) for budget in budgets], _table(budgets))


def describe(budget: BudgetView) -> dict[str, Any]:
    """The budget's document: amounts in ucr, times in Unix ms."""
    return {
        "path": budget.path,
        "limit": budget.limit,
        "spent": budget.spent,
        "leased": budget.leased,
        "balance": budget.balance,
        "overdraft": budget.overdraft,
        "soft": budget.soft,
        "frozen": budget.frozen,
        "frozen_why": budget.frozen_why,
        "period_start": budget.period_start,
        "period_end": budget.period_end,
        "remaining": budget.remaining,
    }


def _describe_change(change: BudgetChange, period: str | None) -> str:
    parts: list[str] = []
    if change.removes_limit:
        parts.append("no limit")
    if change.limit_ucr is not None:
        parts.append(f"limit {describe_amount(change.limit_ucr)}")
    if period is not None:
        parts.append(f"period {period}")
    if change.soft_ppm is not None:
        parts.append(f"soft threshold {format_share(change.soft_ppm)}")
    return ", ".join(parts)


def _table(budgets: list[BudgetView]) -> Table:
    return Table(COLUMNS, [_row(budget) for budget in budgets], right=AMOUNTS)


def _row(budget: BudgetView) -> list[str]:
    return [
        budget.path,
        _amount(budget.limit),
        _amount(budget.spent),
        _amount(budget.balance),
        _amount(budget.overdraft),
        _amount(budget.remaining),
        format_share(budget.soft_ppm) if budget.soft_ppm else "-",
        budget.period,
        format_time(budget.period_end) if budget.period_end is not None else "-",
        budget.frozen_why or "no",
    ]


def _amount(amount_ucr: int | None) -> str:
    return "none" if amount_ucr is None else format_credits(amount_ucr, places=PLACES)
