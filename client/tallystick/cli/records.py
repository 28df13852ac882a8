"""`tallystick records`: single records, as they settled."""

from __future__ import annotations

from typing import Annotated, Any, Final

import typer

from tallystick.cli.app import Session, command
from tallystick.cli.render import Table
from tallystick.cli.values import format_time, parse_time_ms
from tallystick.client.reads import RecordQuery, Row
from tallystick.core.units import format_credits
from tallystick.core.usage import QUANTITY_FIELDS

FIELDS: Final = (
    "time_ms",
    "project",
    "user",
    "resource",
    "flags",
    *QUANTITY_FIELDS,
    "step",
    "cost_ucr",
    "meter",
    "seq",
    "batch",
    "tx_hash",
    "reason",
)
COLUMNS: Final = ("time", "project", "resource", "in", "out", "credits", "meter", "seq", "outcome")


def add_to(root: typer.Typer) -> None:
    """The command is part of the program."""
    command(
        root,
        "records",
        examples=(
            "tallystick records --project acme/support/chat --limit 20",
            "tallystick records --meter gateway-1 --since 24h --json",
        ),
    )(records)


def records(
    context: typer.Context,
    meter: Annotated[str | None, typer.Option(metavar="M", help="of this meter only")] = None,
    project: Annotated[
        str | None, typer.Option(metavar="P", help="of this account and all below it")
    ] = None,
    since: Annotated[str | None, typer.Option(metavar="T", help="record time, or age")] = None,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="at most this many")] = 50,
) -> None:
    """List single records, newest first."""
    session: Session = context.obj
    since_ms = parse_time_ms(since, session.read_now_ms()) if since is not None else None
    with session.open_client() as client:
        found = client.records(RecordQuery(meter, project, since_ms, limit))
    session.output.show(
        [describe(row) for row in found],
        Table(COLUMNS, [_row(row) for row in found], right=frozenset(COLUMNS[3:6])),
    )


def describe(row: Row) -> dict[str, Any]:
    """The record's document: every field by its name, and where it settled."""
    return {field: row[field] for field in FIELDS}


def _row(row: Row) -> list[str]:
    read = row["in_fresh"] + row["in_cached"] + row["in_written"]
    produced = row["out_visible"] + row["out_reasoning"]
    return [
        format_time(row["time_ms"]),
        row["project"],
        row["resource"],
        f"{read:,}",
        f"{produced:,}",
        format_credits(row["cost_ucr"]),
        row["meter"],
        str(row["seq"]),
        row["reason"],
    ]
