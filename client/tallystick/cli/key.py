"""`tallystick key`: keys of the folder, by name."""

from __future__ import annotations

from typing import Annotated

import typer

from tallystick.cli.app import Session, command, create_app
from tallystick.cli.render import Table

app = create_app("Keys of the folder: who can sign what from here.")


def add_to(root: typer.Typer) -> None:
    """The commands are part of the program."""
    root.add_typer(app, name="key")


@command(
    app,
    "create",
    examples=("tallystick key create confirmer-1", "tallystick key create provider-openai --json"),
)
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="such as confirmer-1")],
) -> None:
    """Make a key for a confirmer, a provider, a source or a seat; one that is there is kept."""
    session: Session = context.obj
    with session.open_client() as client:
        is_new = name not in client.wire.keys.names()
        if is_new:
            session.announce(f"Making the key {name}")
            session.ask_once()
        address = client.wire.keys.create(name)
    verb = "made" if is_new else "is there already"
    document = {"name": name, "address": address, "created": is_new}
    session.output.show(document, f"{name} {verb}: {address}")


@command(
    app,
    "list",
    examples=("tallystick key list", "tallystick key list --json"),
)
def list_(context: typer.Context) -> None:
    """List the keys of the folder and the addresses that they sign for."""
    session: Session = context.obj
    with session.open_client() as client:
        keys = {name: client.wire.keys.address_of(name) for name in client.wire.keys.names()}
    document = [{"name": name, "address": address} for name, address in keys.items()]
    rows = [[name, address] for name, address in keys.items()]
    session.output.show(document, Table(("key", "address"), rows))
