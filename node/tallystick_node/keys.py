"""Secrets come from files that nobody else may read."""

from __future__ import annotations

import json
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from coincurve import PrivateKey
from nacl.signing import SigningKey

from tallystick.core.attestation import compute_address
from tallystick_node.errors import SettingsInvalid

KEY_BYTES: Final = 32
MIN_TOKEN_CHARACTERS: Final = 16


@dataclass(frozen=True, slots=True, repr=False)
class NodeKeys:
    """A validator's three keys: for attestations, for transactions, for requests to its peers."""

    attest_key: PrivateKey
    send_key: bytes
    transport_key: SigningKey

    @property
    def attester(self) -> str:
        """The lower-case address whose attestations count."""
        return compute_address(self.attest_key.public_key)


def load_node_keys(path: Path) -> NodeKeys:
    """The keys in a JSON file with attest_key, send_key and transport_key in hex.

    Raises:
        SettingsInvalid: readable by others, or not such a file.
    """
    text = _read_private(path)
    try:
        document = json.loads(text)
        raw = {
            name: bytes.fromhex(document[name].removeprefix("0x"))
            for name in ("attest_key", "send_key", "transport_key")
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SettingsInvalid("the key file cannot be read", actual=str(path)) from error
    if any(len(key) != KEY_BYTES for key in raw.values()):
        raise SettingsInvalid("a key has a wrong size", expected=KEY_BYTES, actual=str(path))
    return NodeKeys(
        PrivateKey(raw["attest_key"]), raw["send_key"], SigningKey(raw["transport_key"])
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
