"""`tallystick outcome`: what projects achieved."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from tallystick.cli.amounts import format_length, format_usd, format_who
from tallystick.cli.app import Session, command, create_app
from tallystick.cli.parameters import UnderOption
from tallystick.cli.render import Table
from tallystick.cli.values import parse_cents, parse_count
from tallystick.client.outcome_reports import OutcomeView

app = create_app("What projects achieved: reported, confirmed, disputed.")
ProjectArgument = Annotated[str, typer.Argument(metavar="PROJECT", help="its path")]
KindArgument = Annotated[str, typer.Argument(metavar="KIND", help="revenue, tasks, ...")]
EpochOption = Annotated[int | None, typer.Option(min=0, help="the running one without")]
COLUMNS: Final = ("project", "epoch", "kind", "amount", "value", "state", "confirmer")


def add_to(root: typer.Typer) -> None:
    """The commands are part of the program."""
    root.add_typer(app, name="outcome")


@command(
    app,
    "kinds",
    examples=("tallystick outcome kinds", "tallystick outcome kinds --json"),
)
def kinds(context: typer.Context) -> None:
    """List the kinds of outcomes and what one unit of each is worth."""
    session: Session = context.obj
    with session.open_client() as client:
        found = client.outcomes.kinds()
    rows = [
        [kind.name, str(kind.id), format_usd(kind.uusd_per_unit), format_length(kind.attribution_s)]
        for kind in found
    ]
    columns = ("kind", "id", "one unit", "reported within")
    session.output.show(found, Table(columns, rows, right=frozenset({"id", "one unit"})))


@command(
    app,
    "source",
    examples=(
        "tallystick outcome source acme revenue registrar",
        "tallystick outcome source acme tasks 0x5fbd...0aa3 --remove",
    ),
)
def source(
    context: typer.Context,
    organisation: Annotated[str, typer.Argument(metavar="ORGANISATION", help="its path")],
    kind: KindArgument,
    who: Annotated[str, typer.Argument(metavar="WHO", help="an address, or a key of the folder")],
    remove: Annotated[bool, typer.Option("--remove", help="no longer")] = False,
) -> None:
    """Let somebody report outcomes of an organisation's projects, or no longer."""
    session: Session = context.obj
    with session.open_client() as client:
        verb = "may no longer report" if remove else "may report"
        session.announce(f"{who} {verb} {kind} of {organisation}")
        changed = client.outcomes.set_source(organisation, kind, who, is_source=not remove)
    document = {"organisation": organisation, "kind": kind, "source": who, "changed": changed}
    session.output.show(document, "done" if changed else "this was so already")


@command(
    app,
    "report",
    examples=(
        "tallystick outcome report acme/support/chat revenue '$1200.50' --evidence sales.csv",
        "tallystick outcome report acme/support/chat tasks 420 --epoch 3",
    ),
)
def report(
    context: typer.Context,
    project: ProjectArgument,
    kind: KindArgument,
    amount: Annotated[
        str, typer.Argument(metavar="AMOUNT", help="units; of revenue US cents, or $12.50")
    ],
    epoch: EpochOption = None,
    evidence: Annotated[
        Path | None, typer.Option(metavar="FILE", help="what it can be checked against")
    ] = None,
) -> None:
    """Report what a project achieved in an epoch; once for each kind, never withdrawn."""
    session: Session = context.obj
    units = _parse_amount(amount)
    content = evidence.read_bytes() if evidence is not None else f"{project} {kind}".encode()
    with session.open_client() as client:
        session.announce(f"Reporting {units:,} units of {kind} for {project}")
        found = client.outcomes.report(project, kind, units, content, epoch=epoch)
    _show(session, found)


@command(
    app,
    "confirm",
    examples=(
        "tallystick outcome confirm acme/support/chat revenue",
        "tallystick outcome confirm acme/support/chat tasks --epoch 3 --as confirmer-2",
    ),
)
def confirm(
    context: typer.Context,
    project: ProjectArgument,
    kind: KindArgument,
    epoch: EpochOption = None,
) -> None:
    """Confirm an outcome, with the key of the confirmer who was drawn for it."""
    session: Session = context.obj
    with session.open_client() as client:
        session.announce(f"Confirming {kind} of {project}")
        found = client.outcomes.confirm(project, kind, epoch=epoch)
    _show(session, found)


@command(
    app,
    "dispute",
    examples=(
        "tallystick outcome dispute acme/support/chat revenue --reason 'counted twice'",
        "tallystick outcome dispute acme/a/b tasks --epoch 3 --reason test --as confirmer-1",
    ),
)
def dispute(
    context: typer.Context,
    project: ProjectArgument,
    kind: KindArgument,
    reason: Annotated[str, typer.Option(help="stays in the folder; a salted hash is kept")],
    epoch: EpochOption = None,
) -> None:
    """Dispute an outcome: it counts nothing unless an appeal reinstates it."""
    session: Session = context.obj
    with session.open_client() as client:
        session.announce(f"Disputing {kind} of {project}")
        found = client.outcomes.dispute(project, kind, reason, epoch=epoch)
    _show(session, found)


@command(
    app,
    "list",
    examples=(
        "tallystick outcome list --under acme",
        "tallystick outcome list --epoch 3 --json",
    ),
)
def list_(
    context: typer.Context,
    under: UnderOption = None,
    epoch: Annotated[int | None, typer.Option(min=0, help="only this one")] = None,
) -> None:
    """List reported outcomes, newest first."""
    session: Session = context.obj
    with session.open_client() as client:
        found = client.outcomes.reported(under, epoch)
    session.output.show(found, _table(found))


def _parse_amount(text: str) -> int:
    return parse_cents(text) if text.startswith("$") else parse_count(text)


def _show(session: Session, found: OutcomeView) -> None:
    session.output.show(found, _table([found]))


def _table(found: list[OutcomeView]) -> Table:
    rows = [
        [
            one.project,
            str(one.epoch),
            one.kind,
            f"{one.amount:,}",
            format_usd(one.value_uusd),
            one.status,
            format_who(one.confirmer),
        ]
        for one in found
    ]
    return Table(COLUMNS, rows, right=frozenset({"epoch", "amount", "value"}))
