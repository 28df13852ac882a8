"""`tallystick alerts`: what somebody should look at."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from tallystick.cli.app import Session, command
from tallystick.cli.render import Table
from tallystick.cli.values import format_time, parse_time_ms

FIELDS: Final = ("time", "kind", "account", "value", "threshold", "block")


def add_to(root: typer.Typer) -> None:
    """The command is part of the program."""
    command(
        root,
        "alerts",
        examples=("tallystick alerts", "tallystick alerts --since 24h --json"),
    )(alerts)


def alerts(
    context: typer.Context,
    since: Annotated[str | None, typer.Option(metavar="T", help="block time, or age")] = None,
) -> None:
    """List what somebody should look at, newest first."""
    session: Session = context.obj
    since_ms = parse_time_ms(since, session.read_now_ms()) if since is not None else None
    with session.open_client() as client:
        found = client.alerts(since_ms)
    rows = [
        [format_time(row["time"]), *(_text(row[field]) for field in FIELDS[1:])] for row in found
    ]
    session.output.show(
        [{field: row[field] for field in FIELDS} for row in found],
        Table(FIELDS, rows, right=frozenset(FIELDS[3:])),
    )


def _text(value: object) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    return "-" if value is None else str(value)
