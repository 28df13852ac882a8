"""Where a passphrase comes from: a file, or whoever sits at the terminal; never an argument."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

import typer

FILE_VARIABLE: Final = "TALLYSTICK_PASSPHRASE_FILE"


def find_passphrase(file: Path | None = None, *, is_new: bool = False) -> str:
    """The passphrase of keys that are encrypted, or are to be.

    Args:
        file: holds it in its first line; None = the one that TALLYSTICK_PASSPHRASE_FILE names.
        is_new: whether somebody has to type it twice.

    Raises:
        KeyFileInvalid: the file is missing, readable by others, or holds no passphrase.
        PassphraseMissing: neither file nor terminal.
    """
    # As for the client: --help must not wait for it.
    from tallystick.chain.errors import PassphraseMissing  # noqa: PLC0415
    from tallystick.chain.keystore import check_passphrase, read_passphrase  # noqa: PLC0415

    named = file or find_passphrase_file()
    if named is not None:
        return read_passphrase(named)
    if not sys.stdin.isatty():
        raise PassphraseMissing("a key is encrypted", expected=f"{FILE_VARIABLE} or a terminal")
    typed = typer.prompt("Passphrase", hide_input=True, confirmation_prompt=is_new, err=True)
    return check_passphrase(str(typed))


def find_passphrase_file() -> Path | None:
    """The file that the environment names."""
    named = os.environ.get(FILE_VARIABLE)
    return Path(named).expanduser() if named else None
