"""The page of commands, and the help that it is made of."""

from pathlib import Path

import pytest
import typer.main

from tallystick.cli.main import app
from tallystick.cli.reference import render_help, render_reference, walk_commands

PAGE = Path("docs/cli.md")
COMMANDS = list(walk_commands(typer.main.get_command(app), ()))
NAMES = [" ".join(path) for path, _ in COMMANDS]


def test_page_is_what_the_commands_say() -> None:
    assert PAGE.read_text() == render_reference(), (
        "run `python -m tallystick.cli.reference > docs/cli.md`"
    )


@pytest.mark.parametrize(("path", "command"), COMMANDS, ids=NAMES)
def test_help_ends_with_two_examples(path: tuple[str, ...], command: object) -> None:
    lines = render_help(path, command).splitlines()  # type: ignore[arg-type]
    assert lines[-3].strip() == "Examples:"
    for example in lines[-2:]:
        assert example.split()[: len(path) + 1] == ["tallystick", *path]
