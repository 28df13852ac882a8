"""`tallystick budget`: what accounts may spend, and what is left."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from tallystick.cli.amounts import format_length
from tallystick.cli.app import Session, command, create_app
from tallystick.cli.credit import describe_amount
from tallystick.cli.errors import UsageInvalid
from tallystick.cli.render import Table
from tallystick.cli.values import (
    NO_LIMIT,
    format_share,
    format_time,
    parse_limit_ucr,
    parse_period,
    parse_rate,
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
    "leased",
    "remaining",
    "soft",
    "carried",
    "period",
    "until",
    "frozen",
)
AMOUNTS = frozenset(COLUMNS[1:8])
PLACES = 2


def add_to(root: typer.Typer) -> None:
    """The commands are part of the program."""
    root.add_typer(app, name="budget")


@command(
    app,
    "set",
    examples=(
        "tallystick budget set acme/support/chat --limit 500 --period month --soft 80%",
        "tallystick budget set acme/support/chat --carry-over 25% --rate 100/1h",
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
    carry_over: Annotated[
        str | None,
        typer.Option(metavar="SHARE", help="how much of the limit a period may leave to the next"),
    ] = None,
    rate: Annotated[
        str | None,
        typer.Option(metavar="CREDITS/LENGTH", help="the most leases take, as 100/1h, or none"),
    ] = None,
) -> None:
    """Set a limit, its period and what goes with it; what is not named stays as it is."""
    if all(option is None for option in (limit, period, soft, carry_over, rate)):
        raise UsageInvalid(
            "nothing to change", expected="--limit, --period, --soft, --carry-over or --rate"
        )
    session: Session = context.obj
    limit_ucr = parse_limit_ucr(limit) if limit is not None else None
    change = BudgetChange(
        limit_ucr=limit_ucr,
        removes_limit=limit is not None and limit_ucr is None,
        period=parse_period(period) if period is not None else None,
        soft_ppm=parse_share_ppm(soft) if soft is not None else None,
        carry_ppm=parse_share_ppm(carry_over) if carry_over is not None else None,
        rate=parse_rate(rate) if rate is not None else None,
        removes_rate=rate == NO_LIMIT,
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
        **_describe_carry(budget),
        **_describe_rate(budget),
    }


def _describe_carry(budget: BudgetView) -> dict[str, int]:
    """Only where there is a carry-over."""
    if not budget.carry_ppm:
        return {}
    return {"carry_over_ppm": budget.carry_ppm, "carried": budget.carried}


def _describe_rate(budget: BudgetView) -> dict[str, Any]:
    """Only where there is a rate."""
    if budget.rate is None:
        return {}
    names = ("rate", "rate_window_s", "rate_left")
    return {name: getattr(budget, name) for name in names}


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
    if change.carry_ppm is not None:
        parts.append(f"carry-over up to {format_share(change.carry_ppm)} of the limit")
    if change.removes_rate:
        parts.append("no rate")
    if change.rate is not None:
        window = format_length(change.rate.window_s)
        parts.append(f"leases of {describe_amount(change.rate.amount_ucr)} in {window}")
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
        _amount(budget.leased),
        _amount(budget.remaining),
        format_share(budget.soft_ppm) if budget.soft_ppm else "-",
        _amount(budget.carried) if budget.carry_ppm else "-",
        budget.period,
        format_time(budget.period_end) if budget.period_end is not None else "-",
        budget.frozen_why or "no",
    ]


def _amount(amount_ucr: int | None) -> str:
    return "none" if amount_ucr is None else format_credits(amount_ucr, places=PLACES)
