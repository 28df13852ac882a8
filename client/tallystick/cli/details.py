"""`tallystick details`: what is kept beside records and never leaves the folder."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from tallystick.cli.app import Session, command
from tallystick.cli.parameters import MeterArgument
from tallystick.cli.render import Table
from tallystick.cli.values import format_time, parse_time_ms
from tallystick.client.details import DetailView

COLUMNS: Final = ("seq", "time", "source", "user", "model", "status", "ms", "kWh", "usage")
NUMBERS: Final = frozenset({"seq", "status", "ms", "kWh"})
USAGE_WIDTH: Final = 60


def add_to(root: typer.Typer) -> None:
    """The command is part of the program."""
    command(
        root,
        "details",
        examples=(
            "tallystick details gateway-0 4711",
            "tallystick details gateway-0 --since 24h --json",
        ),
    )(details)


def details(
    context: typer.Context,
    meter: MeterArgument,
    seq: Annotated[
        int | None, typer.Argument(metavar="[SEQ]", min=0, help="one record's number")
    ] = None,
    since: Annotated[str | None, typer.Option(metavar="T", help="record time, or age")] = None,
    until: Annotated[str | None, typer.Option(metavar="T", help="record time, or age")] = None,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="at most this many")] = 50,
) -> None:
    """Show what providers and devices said about records, as kept in this folder only."""
    session: Session = context.obj
    now_ms = session.read_now_ms()
    with session.open_client() as client:
        found = client.details(
            meter,
            seq=seq,
            since_ms=0 if since is None else parse_time_ms(since, now_ms),
            until_ms=None if until is None else parse_time_ms(until, now_ms),
            limit=limit,
        )
    session.output.show(found, Table(COLUMNS, [_row(one) for one in found], right=NUMBERS))


def _row(one: DetailView) -> list[str]:
    return [
        str(one.seq),
        format_time(one.time_ms),
        one.source,
        one.user_name or (one.user if int(one.user, 16) else ""),
        one.model,
        str(one.status or ""),
        "" if one.duration_ms is None else str(one.duration_ms),
        one.energy_kwh or "",
        one.raw[:USAGE_WIDTH],
    ]
