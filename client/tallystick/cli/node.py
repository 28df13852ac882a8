"""`tallystick node`: one validator of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tallystick.cli.app import Session, command, create_app
from tallystick.cli.errors import UsageInvalid
from tallystick.local.files import read_document
from tallystick.local.validator_process import run_validator

app = create_app("One validator in the foreground.")
SettingsOption = Annotated[
    Path, typer.Option(metavar="FILE", help="its settings, see docs/configuration.md")
]
INDEX_FILES = ("index.duckdb", "index.duckdb.wal")


def add_to(root: typer.Typer) -> None:
    """The commands are part of the program."""
    root.add_typer(app, name="node")


@command(
    app,
    "run",
    examples=(
        "tallystick node run --settings validator.json",
        "tallystick node run --settings .tallystick/nodes/validator-1/settings.json",
    ),
)
def run(context: typer.Context, settings: SettingsOption) -> None:  # noqa: ARG001 - typer's own
    """Run a validator until it is told to end; logs go to stdout."""
    _require_file(settings)
    run_validator(settings)


@command(
    app,
    "rebuild",
    examples=(
        "tallystick node rebuild --settings validator.json",
        "tallystick node rebuild --settings .tallystick/nodes/validator-1/settings.json --yes",
    ),
)
def rebuild(context: typer.Context, settings: SettingsOption) -> None:
    """Delete a stopped validator's index; it makes it anew from the chain when it next starts."""
    session: Session = context.obj
    _require_file(settings)
    document = read_document(settings, dict)
    data_dir = Path(str((document or {}).get("data_dir", settings.parent)))
    session.announce(f"Deleting the index in {data_dir}")
    session.ask_once()
    for name in INDEX_FILES:
        (data_dir / name).unlink(missing_ok=True)
    session.output.show({"rebuilt": str(data_dir)}, f"{data_dir}: made anew at the next start")


def _require_file(path: Path) -> None:
    if not path.is_file():
        raise UsageInvalid("there are no such settings", expected="a file", actual=str(path))
