"""The program `tallystick`: words in, an exit code out."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Final

import typer

from tallystick.cli.app import Session
from tallystick.cli.errors import UsageInvalid
from tallystick.cli.options import GlobalOptions, is_json_wanted, split_options
from tallystick.cli.program import create_program
from tallystick.cli.render import Output
from tallystick.core.errors import TallystickError

INTERRUPTED: Final = 130


def main(words: Sequence[str] | None = None) -> None:
    """Entry point of the program."""
    sys.exit(run(sys.argv[1:] if words is None else words))


def run(words: Sequence[str]) -> int:
    """The exit code of one command line; docs/cli.md says what each of them means."""
    output = Output(json=is_json_wanted(words))
    try:
        options, rest = split_options(words, os.environ)
        return _run_command(options, output, rest)
    except TallystickError as error:
        output.show_error(error)
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone; Python would complain once more when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _run_command(options: GlobalOptions, output: Output, rest: Sequence[str]) -> int:
    session = Session(options, output)
    program = create_program(rest[:1])
    try:
        exit_code = program(list(rest), prog_name="tallystick", standalone_mode=False, obj=session)
    except typer.TyperException as error:
        raise UsageInvalid(_read_message(error), expected="`--help` shows how") from error
    except typer.Abort:
        return INTERRUPTED
    return exit_code or session.exit_code


def _read_message(error: typer.TyperException) -> str:
    format_message = getattr(error, "format_message", None)
    message = format_message() if format_message is not None else str(error)
    return message.rstrip(".")


if __name__ == "__main__":
    main()
