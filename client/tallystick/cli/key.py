"""`tallystick key`: keys of the folder, by name."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tallystick.cli.app import Session, command, create_app
from tallystick.cli.passphrase import find_passphrase
from tallystick.cli.render import Table

EncryptedOption = Annotated[
    bool,
    typer.Option(
        "--encrypted",
        help="keep it in a keystore; the passphrase is in TALLYSTICK_PASSPHRASE_FILE, or asked",
    ),
]

app = create_app("Keys of the folder: who can sign what from here.")


def add_to(root: typer.Typer) -> None:
    """The commands are part of the program."""
    root.add_typer(app, name="key")


@command(
    app,
    "create",
    examples=(
        "tallystick key create confirmer-1",
        "tallystick key create seat-acme --encrypted --json",
    ),
)
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="such as confirmer-1")],
    *,
    encrypted: EncryptedOption = False,
) -> None:
    """Make a key for a confirmer, a provider, a source or a seat; one that is there is kept."""
    session: Session = context.obj
    with session.open_client() as client:
        is_new = name not in client.wire.keys.names()
        passphrase = find_passphrase(is_new=True) if is_new and encrypted else None
        if is_new:
            session.announce(f"Making the key {name}")
            session.ask_once()
        address = client.wire.keys.create(name, passphrase=passphrase)
    _show(session, name, address, is_new=is_new)


@command(
    app,
    "import",
    examples=(
        "tallystick key import registrar-acme acme.key",
        "tallystick key import seat-acme UTC--2026-11-22--keystore.json --encrypted",
    ),
)
def import_(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="what it is called here")],
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="64 hex digits, or a keystore (version 3, scrypt)"),
    ],
    *,
    encrypted: EncryptedOption = False,
) -> None:
    """Take a key that was made elsewhere into the folder.

    The file must be readable by its owner alone. One passphrase opens it and encrypts the copy;
    without --encrypted, what was a keystore stays one.
    """
    from tallystick.chain.key_files import is_encrypted, read_key_file  # noqa: PLC0415

    session: Session = context.obj
    keeps_encrypted = encrypted or is_encrypted(file)
    passphrase = find_passphrase(is_new=not is_encrypted(file)) if keeps_encrypted else None
    key = read_key_file(file, lambda: passphrase or "")
    with session.open_client() as client:
        is_new = name not in client.wire.keys.names()
        if is_new:
            session.announce(f"Taking in the key {name}")
            session.ask_once()
        address = client.wire.keys.add(name, key, passphrase=passphrase)
    _show(session, name, address, is_new=is_new)


@command(
    app,
    "list",
    examples=("tallystick key list", "tallystick key list --json"),
)
def list_(context: typer.Context) -> None:
    """List the keys of the folder, the addresses that they sign for, and how they are kept."""
    session: Session = context.obj
    with session.open_client() as client:
        keys = client.wire.keys
        found = [(name, keys.address_of(name), keys.is_encrypted(name)) for name in keys.names()]
    document = [
        {"name": name, "address": address, "encrypted": is_encrypted}
        for name, address, is_encrypted in found
    ]
    rows = [
        [name, address, "encrypted" if is_encrypted else "bare"]
        for name, address, is_encrypted in found
    ]
    session.output.show(document, Table(("key", "address", "kept"), rows))


def _show(session: Session, name: str, address: str, *, is_new: bool) -> None:
    verb = "made" if is_new else "is there already"
    document = {"name": name, "address": address, "created": is_new}
    session.output.show(document, f"{name} {verb}: {address}")
