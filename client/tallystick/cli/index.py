"""`tallystick index`: what hardware costs outside."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from tallystick.cli.amounts import format_factor
from tallystick.cli.app import Session, command, create_app
from tallystick.cli.render import Table
from tallystick.cli.values import format_share, format_time, parse_share_ppm, parse_time_ms
from tallystick.client.price_index import Observation
from tallystick.client.proposals.scalars import parse_ratio_ppm
from tallystick.client.reads import Row

app = create_app("The price index: what validators report that hardware costs.")
ClassArgument = Annotated[str, typer.Argument(metavar="CLASS", help="such as h100")]
HISTORY: Final = 20


def add_to(root: typer.Typer) -> None:
    """The commands are part of the program."""
    root.add_typer(app, name="index")


@command(
    app,
    "report",
    examples=(
        "tallystick index report h100 0.97",
        "tallystick index report h100 0.97 --spread 4% --venues 6 --validator validator-1",
    ),
)
def report(
    context: typer.Context,
    index_class: ClassArgument,
    price: Annotated[
        str, typer.Argument(metavar="PRICE", help="1 = what the voted rates assume; or 97%")
    ],
    *,
    spread: Annotated[str, typer.Option(metavar="SHARE", help="half of it, over venues")] = "0%",
    venues: Annotated[int, typer.Option(min=1, help="how many were asked")] = 1,
    since: Annotated[str | None, typer.Option(metavar="T", help="the oldest price's time")] = None,
    until: Annotated[str | None, typer.Option(metavar="T", help="the newest price's time")] = None,
    inputs: Annotated[
        Path | None, typer.Option(metavar="FILE", help="what it was computed from")
    ] = None,
    validator: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="who reports; all of this folder without"),
    ] = None,
) -> None:
    """Report what a class of hardware costs, signed by validators; once each in an epoch."""
    session: Session = context.obj
    now_ms = session.read_now_ms()
    seen = Observation(
        value_ppm=parse_ratio_ppm("PRICE", price),
        spread_ppm=parse_share_ppm(spread),
        venues=venues,
        oldest_ms=parse_time_ms(since, now_ms) if since is not None else None,
        newest_ms=parse_time_ms(until, now_ms) if until is not None else None,
        inputs=inputs.read_bytes() if inputs is not None else b"",
    )
    with session.open_client() as client:
        session.announce(f"Reporting {format_factor(seen.value_ppm)} for {index_class}")
        found = client.index.report(index_class, seen, validators=validator)
    rows = [
        [one.validator, format_factor(one.value_ppm), "before" if one.done_before else "now"]
        for one in found
    ]
    session.output.show(found, Table(("validator", "price", "reported"), rows))


@command(
    app,
    "close",
    examples=("tallystick index close h100", "tallystick index close h100 --epoch 20779 --json"),
)
def close(
    context: typer.Context,
    index_class: ClassArgument,
    epoch: Annotated[
        int | None, typer.Option(min=0, help="the one before the running one without")
    ] = None,
) -> None:
    """Close an index epoch: the median moves the index by at most 15 %, or holds it."""
    session: Session = context.obj
    with session.open_client() as client:
        session.announce(f"Closing the index epoch of {index_class}")
        found = client.index.close(index_class, epoch)
    text = f"epoch {found.epoch} of {index_class}: {found.state}, {found.reports} reports"
    if found.clamped_ppm is not None and found.raw_ppm is not None:
        text += f", {format_factor(found.raw_ppm)} taken as {format_factor(found.clamped_ppm)}"
    if found.from_ms is not None:
        text += f", in force from {format_time(found.from_ms)}"
    session.output.show(found, text)


@command(
    app,
    "show",
    examples=("tallystick index show", "tallystick index show h100 --json"),
)
def show(
    context: typer.Context,
    index_class: Annotated[
        str | None, typer.Argument(metavar="[CLASS]", help="only this one")
    ] = None,
) -> None:
    """Show indices in force, and how epochs ended: raw, clamped and the gap between them."""
    session: Session = context.obj
    with session.open_client() as client:
        indices = [one for one in client.index.indices() if index_class in (None, one.index_class)]
        history = client.index.history(index_class)
    rows = [
        [
            one.index_class,
            format_factor(one.in_force_ppm),
            "stale" if one.stale else "",
            ", ".join(one.resources),
        ]
        for one in indices
    ]
    session.output.show(
        {"indices": indices, "history": history},
        Table(("class", "in force", "", "resources"), rows, right=frozenset({"in force"})),
        "",
        _table_of_history(history[:HISTORY]),
    )


def _table_of_history(history: list[Row]) -> Table:
    columns = ("class", "epoch", "state", "reports", "raw", "clamped", "gap")
    rows = [
        [
            str(row["index_class"]),
            str(row["epoch"]),
            str(row["state"]),
            str(row["reports"]),
            "-" if row["raw_ppm"] is None else format_factor(row["raw_ppm"]),
            "-" if row["clamped_ppm"] is None else format_factor(row["clamped_ppm"]),
            "-" if row["gap_ppm"] is None else format_share(row["gap_ppm"]),
        ]
        for row in history
    ]
    return Table(columns, rows, right=frozenset(columns[3:]))
