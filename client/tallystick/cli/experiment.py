"""`tallystick experiment`: what the exploration pool pays for."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from tallystick.cli.amounts import list_changes
from tallystick.cli.app import Session, command, create_app
from tallystick.cli.credit import describe_amount
from tallystick.cli.render import Table
from tallystick.client.experiments import ExperimentView
from tallystick.core.units import format_credits, parse_credits

app = create_app("Experiments: protected from cuts, paid from the exploration pool.")
MAX_EPOCHS: Final = 4
PLACES: Final = 2
NameArgument = Annotated[
    str, typer.Argument(metavar="EXPERIMENT", help="its number, or its project's path")
]
COLUMNS: Final = ("id", "project", "protects epochs", "state", "funded", "left", "returned")


def add_to(root: typer.Typer) -> None:
    """The commands are part of the program."""
    root.add_typer(app, name="experiment")


@command(
    app,
    "open",
    examples=(
        "tallystick experiment open acme/support/chat --epochs 2 --hypothesis 'shorter prompts'",
        "tallystick experiment open acme/a/b --epochs 1 --hypothesis 'a cache' --json",
    ),
)
def open_(
    context: typer.Context,
    project: Annotated[str, typer.Argument(metavar="PROJECT", help="its path")],
    epochs: Annotated[
        int,
        typer.Option(min=1, max=MAX_EPOCHS, help="how many are protected, the running one first"),
    ],
    hypothesis: Annotated[
        str, typer.Option(help="what it tries; stays in the folder, a salted hash is kept")
    ],
) -> None:
    """Open an experiment: its project is kept from velocity cuts for some epochs."""
    session: Session = context.obj
    with session.open_client() as client:
        session.announce(f"Opening an experiment of {project} over {epochs} epochs")
        found = client.experiments.open(project, epochs, hypothesis)
    _show(session, found)


@command(
    app,
    "fund",
    examples=(
        "tallystick experiment fund acme/support/chat 500",
        "tallystick experiment fund 1 1k --json",
    ),
)
def fund(
    context: typer.Context,
    name: NameArgument,
    amount: Annotated[str, typer.Argument(metavar="CREDITS", help="such as 12.8, 1_000 or 1k")],
) -> None:
    """Propose that the exploration pool pays for an experiment; seats vote on it."""
    session: Session = context.obj
    amount_ucr = parse_credits(amount)
    with session.open_client() as client:
        session.announce(f"Proposing {describe_amount(amount_ucr)} for experiment {name}")
        done = client.experiments.fund(name, amount_ucr)
    verb = "proposed" if done.created else "was proposed before"
    session.output.show(done, f"proposal {done.proposal.number} {verb}", list_changes(done.changes))


@command(
    app,
    "end",
    examples=(
        "tallystick experiment end acme/support/chat --result 'half the tokens'",
        "tallystick experiment end 1",
    ),
)
def end(
    context: typer.Context,
    name: NameArgument,
    result: Annotated[
        str | None, typer.Option(help="what it found; stays in the folder, a salted hash is kept")
    ] = None,
) -> None:
    """End an experiment; what its project has left goes back to the pool."""
    session: Session = context.obj
    with session.open_client() as client:
        session.announce(f"Ending experiment {name}")
        found = client.experiments.end(name, result)
    _show(session, found)


@command(
    app,
    "list",
    examples=("tallystick experiment list", "tallystick experiment list --json"),
)
def list_(context: typer.Context) -> None:
    """List every experiment, newest first, and what the pool holds."""
    session: Session = context.obj
    with session.open_client() as client:
        found, pool_ucr = client.experiments.experiments(), client.experiments.pool_ucr()
    document = {"pool_ucr": pool_ucr, "experiments": found}
    pool = f"the exploration pool holds {format_credits(pool_ucr)} credits\n"
    session.output.show(document, pool, _table(found))


def _show(session: Session, found: ExperimentView) -> None:
    session.output.show(found, _table([found]))


def _table(found: list[ExperimentView]) -> Table:
    rows = [
        [
            str(one.id),
            one.project,
            f"{one.first_epoch} to {one.last_epoch}",
            "open" if one.open else "ended",
            format_credits(one.funded, places=PLACES),
            format_credits(one.left, places=PLACES),
            format_credits(one.returned, places=PLACES),
        ]
        for one in found
    ]
    return Table(COLUMNS, rows, right=frozenset({"id", "funded", "left", "returned"}))
