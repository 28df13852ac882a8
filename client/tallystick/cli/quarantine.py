"""`tallystick quarantine`: records that kept their place with cost 0."""

from __future__ import annotations

from typing import Annotated

import typer

from tallystick.cli.app import Session, command, create_app
from tallystick.cli.credit import describe_amount
from tallystick.cli.parameters import UnderOption
from tallystick.cli.render import Table
from tallystick.cli.values import format_time

app = create_app("Records that kept their place with cost 0, and their release.")


def add_to(root: typer.Typer) -> None:
    """The commands are part of the program."""
    root.add_typer(app, name="quarantine")


@command(
    app,
    "list",
    examples=(
        "tallystick quarantine list --under acme",
        "tallystick quarantine list --meter gateway-1 --json",
    ),
)
def list_(
    context: typer.Context,
    under: UnderOption = None,
    meter: Annotated[str | None, typer.Option(metavar="M", help="of this meter only")] = None,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="at most this many")] = 50,
) -> None:
    """List quarantined records among the newest, with the reason of each."""
    session: Session = context.obj
    with session.open_client() as client:
        found = client.corrections.quarantined(project=under, meter=meter, limit=limit)
    rows = [
        [
            row["meter"],
            str(row["seq"]),
            format_time(row["time_ms"]),
            row["project"],
            row["resource"],
            row["reason"],
        ]
        for row in found
    ]
    columns = ("meter", "seq", "time", "project", "resource", "reason")
    session.output.show(found, Table(columns, rows, right=frozenset({"seq"})))


@command(
    app,
    "release",
    examples=(
        "tallystick quarantine release gateway-1 4711",
        "tallystick quarantine release acme/gateway-1 4711 --json",
    ),
)
def release(
    context: typer.Context,
    meter: Annotated[str, typer.Argument(metavar="METER", help="its name, or ORG/NAME")],
    seq: Annotated[int, typer.Argument(metavar="SEQ", min=0, help="the record's number")],
) -> None:
    """Charge a quarantined record, once, after what was wrong was put right."""
    session: Session = context.obj
    with session.open_client() as client:
        session.announce(f"Releasing record {seq} of {meter}")
        done = client.corrections.release(meter, seq)
    before = ", done before" if done.done_before else ""
    session.output.show(
        done, f"{done.project} was charged {describe_amount(done.amount_ucr)}{before}"
    )
