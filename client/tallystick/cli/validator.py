"""`tallystick validator`: who values and attests."""

from __future__ import annotations

from typing import Annotated

import typer

from tallystick.cli.app import Session, command, create_app
from tallystick.cli.render import Table
from tallystick.cli.values import format_time, parse_length_s
from tallystick.client.validators import ValidatorView

app = create_app("Who values and attests; joining and leaving is voted on (gov propose).")
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="the validator's")]


def add_to(root: typer.Typer) -> None:
    """The commands are part of the program."""
    root.add_typer(app, name="validator")


@command(
    app,
    "list",
    examples=("tallystick validator list", "tallystick validator list --json"),
)
def list_(context: typer.Context) -> None:
    """List the validators in force."""
    session: Session = context.obj
    with session.open_client() as client:
        found = client.validators.validators()
    session.output.show(found, _table(found))


@command(
    app,
    "suspend",
    examples=(
        "tallystick validator suspend validator-3 --for 2d",
        "tallystick validator suspend validator-3 --with validator-1 --json",
    ),
)
def suspend(
    context: typer.Context,
    name: NameArgument,
    lasts: Annotated[str, typer.Option("--for", metavar="LENGTH", help="at most 7d")] = "1d",
    witness: Annotated[
        str | None, typer.Option("--with", metavar="NAME", help="the other validator who signs")
    ] = None,
) -> None:
    """Suspend a leaked attesting key; a guardian does, with another validator's signature."""
    session: Session = context.obj
    with session.open_client() as client:
        session.announce(f"Suspending the attesting key of {name} for {lasts}")
        found = client.validators.suspend(name, parse_length_s(lasts), witness=witness)
    session.output.show(found, _table([found]))


@command(
    app,
    "resume",
    examples=("tallystick validator resume validator-3", "tallystick validator resume v3 --json"),
)
def resume(context: typer.Context, name: NameArgument) -> None:
    """Let a suspended key count again."""
    session: Session = context.obj
    with session.open_client() as client:
        session.announce(f"Ending the suspension of {name}")
        found = client.validators.resume(name)
    session.output.show(found, _table([found]))


def _table(found: list[ValidatorView]) -> Table:
    rows = [
        [
            str(one.index),
            one.name,
            one.url,
            one.attester,
            "counts" if one.suspended_until is None else _describe_end(one.suspended_until),
        ]
        for one in found
    ]
    columns = ("index", "validator", "url", "attester", "key")
    return Table(columns, rows, right=frozenset({"index"}))


def _describe_end(until_ms: int) -> str:
    return f"suspended until {format_time(until_ms)}"
