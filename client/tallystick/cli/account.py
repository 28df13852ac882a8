"""`tallystick account`: the tree of organisations, teams and projects."""

from __future__ import annotations

from typing import Annotated

import typer

from tallystick.cli.app import Session, command, create_app
from tallystick.cli.render import Table

app = create_app("Organisations, teams and projects.")
PathArgument = Annotated[
    str, typer.Argument(metavar="PATH", help="org, org/team, org/team/project")
]


def add_to(root: typer.Typer) -> None:
    """The commands are part of the program."""
    root.add_typer(app, name="account")


@command(
    app,
    "create",
    examples=(
        "tallystick account create acme",
        "tallystick account create acme/support/chat --json",
    ),
)
def create(context: typer.Context, path: PathArgument) -> None:
    """Create an account, and those above it where they are missing."""
    session: Session = context.obj
    with session.open_client() as client:
        known = {account.path for account in client.accounts()}
        if path.strip("/") not in known:
            session.announce(f"Creating {path}")
        created = client.create_account(path)
    verb = "created" if created.created else "exists already"
    document = {"id": created.id, "path": created.path}
    session.output.show(document, f"{created.path} {verb}, account {created.id}")


@command(
    app,
    "list",
    examples=("tallystick account list", "tallystick account list --json"),
)
def list_(context: typer.Context) -> None:
    """List every account."""
    session: Session = context.obj
    with session.open_client() as client:
        accounts = client.accounts()
    rows = [
        [account.path, str(account.id), "yes" if account.active else "no", account.controller]
        for account in accounts
    ]
    columns = ("account", "id", "active", "controller")
    session.output.show(accounts, Table(columns, rows, right=frozenset({"id"})))
