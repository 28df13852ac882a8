"""The page of commands, and the help that it is made of."""

from pathlib import Path

import pytest
import typer.main

from tallystick.cli.program import HELP_BY_WORD, MODULE_BY_WORD, create_program
from tallystick.cli.reference import render_help, render_reference, walk_commands

PAGE = Path("docs/cli.md")
COMMANDS = list(walk_commands(typer.main.get_command(create_program()), ()))
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


def test_help_of_the_program_says_what_the_commands_say() -> None:
    group = typer.main.get_command(create_program())
    assert set(group.commands) == set(MODULE_BY_WORD)  # type: ignore[attr-defined]
    assert list(MODULE_BY_WORD) == list(HELP_BY_WORD)
    for word, command in group.commands.items():  # type: ignore[attr-defined]
        assert command.get_short_help_str(100) == HELP_BY_WORD[word]
