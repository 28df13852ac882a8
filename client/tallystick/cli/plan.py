"""`tallystick plan`: N credits for $X, for a client's project."""

from __future__ import annotations

from typing import Annotated

import typer

from tallystick.cli.amounts import format_cents
from tallystick.cli.app import Session, command, create_app
from tallystick.cli.credit import describe_amount
from tallystick.cli.parameters import UnderOption
from tallystick.cli.render import Table
from tallystick.cli.values import parse_cents
from tallystick.core.units import format_credits, parse_credits

app = create_app("Plans: N credits for $X, for a client's project.")


def add_to(root: typer.Typer) -> None:
    """The commands are part of the program."""
    root.add_typer(app, name="plan")


@command(
    app,
    "set",
    examples=(
        "tallystick plan set agency/clients/zoo 5_000 '$200'",
        "tallystick plan set agency/clients/zoo 0 0",
    ),
)
def set_(
    context: typer.Context,
    project: Annotated[str, typer.Argument(metavar="PROJECT", help="its path")],
    amount: Annotated[str, typer.Argument(metavar="CREDITS", help="0 = no plan any more")],
    price: Annotated[str, typer.Argument(metavar="PRICE", help="US dollars, such as $200")],
) -> None:
    """Set what a client's invoice buys; what was reported before keeps its price."""
    session: Session = context.obj
    credits_ucr, price_cents = parse_credits(amount), parse_cents(price)
    with session.open_client() as client:
        session.announce(
            f"{project} gets {describe_amount(credits_ucr)} for {format_cents(price_cents)}"
        )
        found = client.plans.set_plan(project, credits_ucr, price_cents)
    session.output.show(found, "done" if found.changed else "this was its plan already")


@command(
    app,
    "list",
    examples=("tallystick plan list", "tallystick plan list --under agency --json"),
)
def list_(
    context: typer.Context,
    under: UnderOption = None,
) -> None:
    """List plans, and what was paid and minted under each."""
    session: Session = context.obj
    with session.open_client() as client:
        found = client.plans.plans(under)
    rows = [
        [
            row["project"],
            format_credits(row["credits_ucr"]),
            format_cents(row["price_cents"]),
            format_cents(row["paid_cents"]),
            format_credits(row["minted_ucr"]),
        ]
        for row in found
    ]
    columns = ("project", "credits", "for", "paid so far", "minted so far")
    session.output.show(found, Table(columns, rows, right=frozenset(columns[1:])))
