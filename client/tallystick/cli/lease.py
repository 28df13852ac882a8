"""`tallystick lease`: credits set aside for meters."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from tallystick.cli.app import Session, command, create_app
from tallystick.cli.credit import describe_amount
from tallystick.cli.parameters import AmountArgument, MeterArgument, UnderOption
from tallystick.cli.render import Table
from tallystick.cli.values import format_time, parse_length_s
from tallystick.client.leases import LeaseView
from tallystick.core.units import format_credits, parse_credits

app = create_app("Credits set aside for meters, so that they can admit calls beforehand.")
MS_PER_S: Final = 1_000
PLACES: Final = 2
ProjectArgument = Annotated[str, typer.Argument(metavar="PROJECT", help="whose credits")]
LastsOption = Annotated[
    str | None, typer.Option("--for", metavar="LENGTH", help="as long as allowed without: 15m")
]
COLUMNS: Final = ("project", "meter", "state", "left", "until", "last record", "room", "because of")


def add_to(root: typer.Typer) -> None:
    """The commands are part of the program."""
    root.add_typer(app, name="lease")


@command(
    app,
    "open",
    examples=(
        "tallystick lease open acme/support/chat gateway-1 25",
        "tallystick lease open acme/support/chat acme/gateway-1 25 --for 5m --json",
    ),
)
def open_(
    context: typer.Context,
    project: ProjectArgument,
    meter: MeterArgument,
    amount: AmountArgument,
    lasts: LastsOption = None,
) -> None:
    """Set credits aside for a meter of this folder; an open lease stays as it is."""
    session: Session = context.obj
    amount_ucr = parse_credits(amount)
    lasts_s = parse_length_s(lasts) if lasts is not None else None
    with session.open_client() as client:
        session.announce(f"Setting {describe_amount(amount_ucr)} of {project} aside for {meter}")
        found = client.leases.open(project, meter, amount_ucr, lasts_s=lasts_s)
    _show(session, found, "is open already, see `lease extend`")


@command(
    app,
    "extend",
    examples=(
        "tallystick lease extend acme/support/chat gateway-1 10",
        "tallystick lease extend acme/support/chat gateway-1 10 --for 10m",
    ),
)
def extend(
    context: typer.Context,
    project: ProjectArgument,
    meter: MeterArgument,
    amount: AmountArgument,
    lasts: LastsOption = None,
) -> None:
    """Add credits to a lease and take the later deadline; repeating it adds again."""
    session: Session = context.obj
    amount_ucr = parse_credits(amount)
    lasts_s = parse_length_s(lasts) if lasts is not None else None
    with session.open_client() as client:
        session.announce(f"Setting {describe_amount(amount_ucr)} more of {project} aside")
        found = client.leases.extend(project, meter, amount_ucr, lasts_s=lasts_s)
    _show(session, found, "")


@command(
    app,
    "declare",
    examples=(
        "tallystick lease declare acme/support/chat gateway-1",
        "tallystick lease declare acme/support/chat gateway-1 --last 4711",
    ),
)
def declare(
    context: typer.Context,
    project: ProjectArgument,
    meter: MeterArgument,
    last: Annotated[
        int | None,
        typer.Option(min=0, metavar="SEQ", help="the last record on it; what settled last without"),
    ] = None,
) -> None:
    """Declare the last record that draws on a lease, so that it can be released early."""
    session: Session = context.obj
    with session.open_client() as client:
        session.announce(f"Declaring the end of the lease of {project} for {meter}")
        found = client.leases.declare(project, meter, last)
    _show(session, found, "was declared before")


@command(
    app,
    "release",
    examples=(
        "tallystick lease release acme/support/chat gateway-1",
        "tallystick lease release acme/support/chat gateway-1 --json",
    ),
)
def release(context: typer.Context, project: ProjectArgument, meter: MeterArgument) -> None:
    """Give back what is left of a lease that has ended."""
    session: Session = context.obj
    with session.open_client() as client:
        session.announce(f"Releasing the lease of {project} for {meter}")
        found = client.leases.release(project, meter)
    _show(session, found, "was released before")


@command(
    app,
    "list",
    examples=(
        "tallystick lease list --under acme --state open",
        "tallystick lease list --json",
    ),
)
def list_(
    context: typer.Context,
    under: UnderOption = None,
    state: Annotated[
        str | None, typer.Option(metavar="open|extended|ending|lapsed|released", help="only such")
    ] = None,
) -> None:
    """List leases, newest first."""
    session: Session = context.obj
    with session.open_client() as client:
        found = client.leases.leases(under, state=state)
    rows = [
        [
            row["project"],
            row["meter"],
            row["state"],
            format_credits(row["amount_ucr"], places=PLACES),
            format_credits(row["left_ucr"], places=PLACES),
            format_time(row["admit_until_s"] * MS_PER_S),
        ]
        for row in found
    ]
    columns = ("project", "meter", "state", "credits", "left", "until")
    session.output.show(found, Table(columns, rows, right=frozenset({"credits", "left"})))


@command(
    app,
    "show",
    examples=(
        "tallystick lease show acme/support/chat gateway-1",
        "tallystick lease show acme/support/chat gateway-1 --json",
    ),
)
def show(context: typer.Context, project: ProjectArgument, meter: MeterArgument) -> None:
    """Show a lease, and the most that the project could set aside now."""
    session: Session = context.obj
    with session.open_client() as client:
        found = client.leases.lease(project, meter)
    session.output.show(found, _table(found))


def _show(session: Session, found: LeaseView, unchanged: str) -> None:
    if not found.changed and unchanged:
        session.output.note(f"the lease {unchanged}")
    session.output.show(found, _table(found))


def _table(found: LeaseView) -> Table:
    row = [
        found.project,
        found.meter,
        "open" if found.open else "none",
        format_credits(found.left_ucr, places=PLACES),
        format_time(found.admit_until) if found.open else "-",
        "-" if found.last_seq is None else f"{found.last_seq:,}",
        format_credits(found.room_ucr, places=PLACES),
        f"{found.why} of {found.tightest}" if found.tightest else found.why,
    ]
    return Table(COLUMNS, [row], right=frozenset({"left", "last record", "room"}))
