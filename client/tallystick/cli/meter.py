"""`tallystick meter`: what measures and signs."""

from __future__ import annotations

from typing import Annotated

import typer

from tallystick.cli.app import Session, command, create_app
from tallystick.cli.parameters import MeterArgument
from tallystick.cli.render import Table
from tallystick.cli.values import format_time

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


@command(
    app,
    "freeze",
    examples=("tallystick meter freeze gateway-1", "tallystick meter freeze acme/gw --json"),
)
def freeze(context: typer.Context, meter: MeterArgument) -> None:
    """Quarantine what a meter records, for at most 72 hours; a guardian does."""
    session: Session = context.obj
    with session.open_client() as client:
        session.announce(f"Freezing meter {meter}")
        found = client.freeze_meter(meter)
    until = f" until {format_time(found.until)}" if found.until is not None else ""
    verb = "is frozen" if found.changed else "was frozen already"
    session.output.show(found, f"{meter} {verb}{until}")


@command(
    app,
    "resume",
    examples=("tallystick meter resume gateway-1", "tallystick meter resume acme/gw --json"),
)
def resume(context: typer.Context, meter: MeterArgument) -> None:
    """End a guardian's freeze; what a quorum froze takes an appeal or a vote."""
    session: Session = context.obj
    with session.open_client() as client:
        session.announce(f"Resuming meter {meter}")
        found = client.resume_meter(meter)
    session.output.show(found, f"{meter} {'is active' if found.changed else 'was not frozen'}")


@command(
    app,
    "rotate",
    examples=("tallystick meter rotate gateway-1", "tallystick meter rotate acme/gw --json"),
)
def rotate(context: typer.Context, meter: MeterArgument) -> None:
    """Give a meter of this folder a new key; what has not settled is signed anew."""
    session: Session = context.obj
    with session.open_client() as client:
        session.announce(f"Rotating the key of meter {meter}")
        found = client.rotate_meter_key(meter)
    session.output.show(
        found, f"{meter} signs with key {found.key_index} from record {found.first_seq:,} on"
    )
