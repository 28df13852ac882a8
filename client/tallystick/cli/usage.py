"""`tallystick usage`: who used what, and what it cost."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any, Final

import typer

from tallystick.cli.app import Session, command
from tallystick.cli.errors import UsageInvalid
from tallystick.cli.parameters import UnderOption
from tallystick.cli.render import Table
from tallystick.cli.values import parse_time_ms
from tallystick.client.reads import USAGE_KEYS, Row, UsageQuery
from tallystick.core.units import format_credits
from tallystick.core.usage import QUANTITY_FIELDS

COUNTS: Final = ("records", "quarantined", "cost_ucr", "own_cost_ucr")


class Format(StrEnum):
    """How usage is printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


def add_to(root: typer.Typer) -> None:
    """The command is part of the program."""
    command(
        root,
        "usage",
        examples=(
            "tallystick usage --by team,resource --since 7d",
            "tallystick usage --by day --under acme/support --format csv",
        ),
    )(usage)


def usage(
    context: typer.Context,
    *,
    by: Annotated[
        str, typer.Option(metavar="KEY,...", help=f"group by: {', '.join(USAGE_KEYS)}")
    ] = "account",
    under: UnderOption = None,
    resource: Annotated[str | None, typer.Option(metavar="SLUG", help="only this one")] = None,
    user: Annotated[
        str | None, typer.Option(metavar="U", help="only this one: a name, or 0x and 16 hex digits")
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="T", help="record time from here on: ISO, or age as 7d")
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="T", help="record time before this")] = None,
    format_: Annotated[Format, typer.Option("--format", help="how to print")] = Format.TABLE,
) -> None:
    """Add up records, quantities and cost."""
    session: Session = context.obj
    now_ms = session.read_now_ms()
    query = UsageQuery(
        by=parse_keys(by),
        under=under,
        resource=resource,
        since_ms=parse_time_ms(since, now_ms) if since is not None else None,
        until_ms=parse_time_ms(until, now_ms) if until is not None else None,
    )
    with session.open_client() as client:
        rows = client.usage(query, user=user)
    if format_ is Format.CSV and not session.options.json:
        columns = list(rows[0]) if rows else [*query.by, *COUNTS[:3], *QUANTITY_FIELDS]
        session.output.show_csv(columns, [list(row.values()) for row in rows])
        return
    session.output.is_json = session.output.is_json or format_ is Format.JSON
    session.output.show(rows, create_table(query.by, rows))


def parse_keys(text: str) -> tuple[str, ...]:
    """Grouping keys from `a,b`.

    Raises:
        UsageInvalid: one is unknown, or named twice.
    """
    keys = tuple(key.strip() for key in text.split(",") if key.strip())
    unknown = [key for key in keys if key not in USAGE_KEYS]
    if unknown or len(set(keys)) != len(keys):
        raise UsageInvalid(
            "usage is not grouped by this", expected=", ".join(USAGE_KEYS), actual=text
        )
    return keys


def create_table(by: Sequence[str], rows: list[Row]) -> Table:
    """Keys, counts, the quantities that are not all zero, and the cost."""
    used = [field for field in QUANTITY_FIELDS if any(row[field] for row in rows)]
    names = ["user_name"] if any(row.get("user_name") for row in rows) else []
    own = ["own_cost_ucr"] if "account" in by else []
    columns = [*by, *names, "records", "quarantined", *used, "cost_ucr", *own]
    headings = [_HEADINGS.get(column, column) for column in columns]
    right = frozenset(headings) - set(by) - {"user_name"}
    return Table(
        tuple(headings),
        [[_text(column, row.get(column)) for column in columns] for row in rows],
        right=frozenset(right),
    )


_HEADINGS: Final = {"cost_ucr": "credits", "own_cost_ucr": "own credits"}


def _text(column: str, value: Any) -> str:  # noqa: ANN401 - a path, a slug or a number
    if value is None:
        return ""
    if column in ("cost_ucr", "own_cost_ucr"):
        return format_credits(value)
    is_number = isinstance(value, int) and column not in ("step", "tariff_version")
    return f"{value:,}" if is_number else str(value)
