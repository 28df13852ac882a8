"""Secrets come from files that nobody else may read."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from tallystick.chain.key_sources import NodeKeys, open_keys
from tallystick.chain.keystore import read_passphrase
from tallystick.core.facts import Validator
from tallystick_node.errors import SettingsInvalid
from tallystick_node.settings import NodeSettings

MIN_TOKEN_CHARACTERS: Final = 16


@dataclass(slots=True, repr=False)
class KeysInUse:
    """The keys that a validator uses, and those that a vote may put in their place or did."""

    keys: NodeKeys
    other: NodeKeys | None = None

    def are_rotated(self, validators: Sequence[Validator]) -> bool:
        """Whether the set in force holds the other keys, and no longer those in use."""
        return (
            self.other is not None
            and any(map(self.other.are_of, validators))
            and not any(map(self.keys.are_of, validators))
        )

    def rotate(self) -> None:
        """The other keys are in use from now on."""
        if self.other is not None:
            self.keys, self.other = self.other, self.keys

    async def aclose(self) -> None:
        """No connection to a signer is left open."""
        await self.keys.aclose()
        if self.other is not None:
            await self.other.aclose()


def load_keys(settings: NodeSettings) -> KeysInUse:
    """The validator's keys, and the next ones where the settings name them.

    Raises:
        SettingsInvalid, KeyFileInvalid, KeystoreMalformed, PassphraseWrong, PassphraseMissing.
    """
    path = settings.passphrase_file
    ask = None if path is None else partial(read_passphrase, path)
    others = settings.next_keys_file
    return KeysInUse(
        open_keys(settings.keys_file, ask), None if others is None else open_keys(others, ask)
    )


def load_secret(path: Path) -> str:
    """The one line of text in a secret's file.

    Raises:
        SettingsInvalid: readable by others, or too short to be a secret.
    """
    secret = _read_private(path).strip()
    if len(secret) < MIN_TOKEN_CHARACTERS:
        raise SettingsInvalid(
            f"the secret in {path} is too short",
            expected=f"at least {MIN_TOKEN_CHARACTERS} characters",
            actual=len(secret),
        )
    return secret


def _read_private(path: Path) -> str:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            raise SettingsInvalid(
                f"others may read {path}", expected="mode 0600", actual=f"{mode:04o}"
            )
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsInvalid("a secret's file cannot be read", actual=str(path)) from error
