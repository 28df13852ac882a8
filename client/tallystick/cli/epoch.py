"""`tallystick epoch`: balances that grow with proven value."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from tallystick.cli.amounts import format_usd, format_velocity
from tallystick.cli.app import Session, command, create_app
from tallystick.cli.credit import describe_amount
from tallystick.cli.parameters import UnderOption
from tallystick.cli.render import Table
from tallystick.cli.values import format_time
from tallystick.client.epochs import ClosedView, EpochProject
from tallystick.core.units import format_credits, parse_credits

app = create_app("Balances that grow with proven value, epoch by epoch.")
PLACES: Final = 2
EpochArgument = Annotated[
    int | None, typer.Argument(metavar="[EPOCH]", min=0, help="the last one that ended, without")
]
ProjectsOption = Annotated[
    list[str] | None,
    typer.Option("--project", metavar="PATH", help="only this one; may be repeated"),
]
COLUMNS: Final = (
    "project",
    "epoch",
    "state",
    "value",
    "credits",
    "velocity",
    "base",
    "grant",
    "notes",
)


def add_to(root: typer.Typer) -> None:
    """The commands are part of the program."""
    root.add_typer(app, name="epoch")


@command(
    app,
    "enrol",
    examples=(
        "tallystick epoch enrol acme/support/chat 1_000",
        "tallystick epoch enrol acme/support/chat 1k --json",
    ),
)
def enrol(
    context: typer.Context,
    project: Annotated[str, typer.Argument(metavar="PROJECT", help="its path")],
    first_grant: Annotated[
        str, typer.Argument(metavar="CREDITS", help="its first grant, what the next is measured by")
    ],
) -> None:
    """Replenish a project from the running epoch on; its first grant is paid now."""
    session: Session = context.obj
    amount_ucr = parse_credits(first_grant)
    with session.open_client() as client:
        session.announce(f"Enrolling {project} with {describe_amount(amount_ucr)}")
        found = client.epochs.enrol(project, amount_ucr)
    verb = "enrolled" if found.created else "is enrolled already"
    session.output.show(found, f"{project} {verb}, first epoch {found.first_epoch}")


@command(
    app,
    "cut",
    examples=("tallystick epoch cut", "tallystick epoch cut 3 --project acme/support/chat"),
)
def cut(
    context: typer.Context, epoch: EpochArgument = None, projects: ProjectsOption = None
) -> None:
    """Count what was spent until now to an ended epoch; do it right after its end."""
    session: Session = context.obj
    with session.open_client() as client:
        chosen = client.epochs.current() - 1 if epoch is None else epoch
        session.announce(f"Cutting epoch {chosen}")
        done = client.epochs.cut(chosen, projects)
    _show_done(session, done, "cut")


@command(
    app,
    "close",
    examples=("tallystick epoch close", "tallystick epoch close 3 --json"),
)
def close(
    context: typer.Context, epoch: EpochArgument = None, projects: ProjectsOption = None
) -> None:
    """Pay an epoch's grants, for every enrolled project whose windows are over."""
    session: Session = context.obj
    with session.open_client() as client:
        chosen = client.epochs.current() - 1 if epoch is None else epoch
        session.announce(f"Closing epoch {chosen}")
        done = client.epochs.close(chosen, projects)
        found = client.epochs.show(chosen)
    if session.output.is_json:
        session.output.show({**_document(done), "projects": found})
        return
    _show_done(session, done, "closed")
    session.output.show(None, "", _table(found))


@command(
    app,
    "show",
    examples=(
        "tallystick epoch show",
        "tallystick epoch show 3 --project acme/support/chat --json",
    ),
)
def show(
    context: typer.Context,
    epoch: EpochArgument = None,
    project: UnderOption = None,
) -> None:
    """Show what an epoch was for every project: velocity as the pair of value and credits."""
    session: Session = context.obj
    with session.open_client() as client:
        chosen = max(client.epochs.current() - 1, 0) if epoch is None else epoch
        found = client.epochs.show(chosen, project)
    session.output.show(found, _table(found))


@command(
    app,
    "list",
    examples=("tallystick epoch list", "tallystick epoch list --json"),
)
def list_(context: typer.Context) -> None:
    """List every epoch since the first project was enrolled, newest first."""
    session: Session = context.obj
    with session.open_client() as client:
        found = client.epochs.epochs()
    rows = [
        [
            f"{one.epoch}{' (running)' if one.running else ''}",
            format_time(one.ends_at),
            f"{one.closed} of {one.enrolled}",
            str(one.reviews),
            format_usd(one.value_uusd),
            format_credits(one.credits_ucr, places=PLACES),
            format_credits(one.granted_ucr, places=PLACES),
        ]
        for one in found
    ]
    columns = ("epoch", "ends", "closed", "reviews", "value", "credits", "granted")
    session.output.show(found, Table(columns, rows, right=frozenset(columns[2:])))


def _show_done(session: Session, done: ClosedView, verb: str) -> None:
    lines = [f"epoch {done.epoch}: {verb} for {len(done.done)} projects"]
    if done.done_before:
        lines.append(f"{verb} before for {len(done.done_before)}")
    lines += [f"{project}: {why}" for project, why in done.open.items()]
    session.output.show(_document(done), "\n".join(lines))


def _document(done: ClosedView) -> dict[str, object]:
    return {
        "epoch": done.epoch,
        "done": done.done,
        "done_before": done.done_before,
        "open": done.open,
    }


def _table(found: list[EpochProject]) -> Table:
    rows = [
        [
            one.project,
            str(one.epoch),
            one.state if one.why is None else f"{one.state}: {one.why}",
            format_usd(one.value_uusd),
            format_credits(one.credits_ucr, places=PLACES),
            format_velocity(one.value_uusd, one.credits_ucr),
            format_credits(one.base_ucr, places=PLACES),
            format_credits(one.grant_ucr, places=PLACES),
            _describe_notes(one),
        ]
        for one in found
    ]
    right = frozenset({"epoch", "value", "credits", "velocity", "base", "grant"})
    return Table(COLUMNS, rows, right=right)


def _describe_notes(one: EpochProject) -> str:
    notes = [("review", one.reviewed), ("protected", one.protected), ("restored", one.restored)]
    return ", ".join(word for word, holds in notes if holds)
