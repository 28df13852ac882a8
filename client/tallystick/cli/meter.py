"""`tallystick meter`: what measures and signs."""

from __future__ import annotations

from typing import Annotated

import typer

from tallystick.cli.app import Session, command, create_app
from tallystick.cli.render import Table

app = create_app("What measures use and signs it.")


def add_to(root: typer.Typer) -> None:
    """The commands are part of the program."""
    root.add_typer(app, name="meter")


@command(
    app,
    "register",
    examples=(
        "tallystick meter register gateway-1 --account acme",
        "tallystick meter register batch --account acme/research --json",
    ),
)
def register(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="unique in the organisation")],
    account: Annotated[
        str, typer.Option(metavar="PATH", help="it may bill everything active below this account")
    ],
) -> None:
    """Register a meter; its key is made in the network's folder."""
    session: Session = context.obj
    with session.open_client() as client:
        session.announce(f"Registering meter {name} for {account}")
        meter = client.register_meter(name, account)
    verb = "registered" if meter.created else "is registered already"
    document = {"id": meter.id, "name": meter.name, "account": meter.account}
    session.output.show(document, f"{meter.name} {verb}, meter {meter.id} of {meter.account}")


@command(
    app,
    "list",
    examples=("tallystick meter list", "tallystick meter list --json"),
)
def list_(context: typer.Context) -> None:
    """List every meter, how much of it has settled and how much waits here."""
    session: Session = context.obj
    with session.open_client() as client:
        meters = client.meters()
    rows = [
        [
            meter.name,
            str(meter.id),
            meter.account,
            f"{meter.cursor:,}",
            "-" if meter.spooled is None else f"{meter.spooled:,}",
            "frozen" if meter.frozen else "active" if meter.active else "off",
        ]
        for meter in meters
    ]
    columns = ("meter", "id", "account", "settled", "waiting here", "state")
    right = frozenset({"id", "settled", "waiting here"})
    session.output.show(meters, Table(columns, rows, right=right))
