"""`tallystick person`: who is behind the pseudonyms of this folder, and how they are forgotten."""

from __future__ import annotations

from typing import Annotated

import typer

from tallystick.cli.app import Session, command, create_app
from tallystick.cli.render import Table

app = create_app("People behind pseudonyms: known here only, and erasable.")

OrganisationOption = Annotated[
    str | None, typer.Option(metavar="ORG", help="in this organisation only")
]


def add_to(root: typer.Typer) -> None:
    """The commands are part of the program."""
    root.add_typer(app, name="person")


@command(
    app,
    "list",
    examples=("tallystick person list", "tallystick person list --organisation acme --json"),
)
def list_(context: typer.Context, organisation: OrganisationOption = None) -> None:
    """List the people whom this folder can tell from a pseudonym."""
    session: Session = context.obj
    with session.open_client() as client:
        found = client.people(organisation)
    rows = [[person.organisation, person.name, ", ".join(person.months)] for person in found]
    session.output.show(found, Table(("organisation", "name", "months"), rows))


@command(
    app,
    "erase",
    examples=(
        "tallystick person erase alice@acme.example",
        "tallystick person erase alice --organisation acme --yes --json",
    ),
)
def erase(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="as the telemetry names them")],
    organisation: OrganisationOption = None,
) -> None:
    """Forget a person: key, name and details of their use; amounts stay, and are nobody's."""
    session: Session = context.obj
    where = f" in {organisation}" if organisation else ""
    session.announce(f"Erasing who {name} is{where}; this cannot be undone")
    session.ask_once()
    with session.open_client() as client:
        done = client.erase_person(name, organisation)
    if done.changed:
        text = (
            f"{done.pseudonyms} pseudonyms are nobody's now,"
            f" {done.details} details are gone from {done.meters} meters"
        )
    else:
        text = f"nothing is kept here of {name}"
    session.output.show(done, text)
