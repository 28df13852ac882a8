"""The keys that applications call a gateway with: a file that holds their hashes, never them."""

from __future__ import annotations

import hashlib
import re
import secrets
from base64 import b32encode
from pathlib import Path
from typing import Final, Literal

import msgspec

from tallystick.local.files import (
    PRIVATE_FILE,
    locked,
    make_private_folder,
    read_document,
    write_document,
)
from tallystick.local.folder import NetworkFolder
from tallystick.meter.gateway.secrets import WhenUnreachable
from tallystick.sidecar.errors import ConfigInvalid, KeyExists, KeyNameUnknown

SECRET_BYTES: Final = 32
SECRET_PREFIX: Final = "tsk_"  # noqa: S105 - what tells our keys from others'
MAX_KEYS: Final = 10_000
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}", re.ASCII)

CapPeriod = Literal["hour", "day"]


class KeyEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A key as the file holds it."""

    name: str
    hash: str = ""
    """SHA-256 of the secret, hex."""
    project: str
    """Path of the account that is billed."""
    models: tuple[str, ...] | None = None
    """Which it may call; None = all."""
    user: str | None = None
    """The person behind every call; None = whom each call names."""
    cap_ucr: int | None = None
    """What it may spend in a period, counted by the gateway itself."""
    cap_per: CapPeriod = "day"
    is_experiment: bool = False
    step: int = 0
    when_unreachable: WhenUnreachable | None = None
    """None = what the gateway says."""
    admit_bound_ucr: int | None = None
    created_at_ms: int = 0


class KeyFile(msgspec.Struct, frozen=True):
    """keys.json."""

    format: int = 1
    keys: tuple[KeyEntry, ...] = ()


class KeyStore:
    """The keys of one file, written by one program at a time.

    Args:
        path: of the file; made with its folder when a key is.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def list(self) -> tuple[KeyEntry, ...]:
        """Every key, in the order they were made.

        Raises:
            FolderMalformed: the file holds something else.
        """
        return (read_document(self._path, KeyFile) or KeyFile()).keys

    def create(self, entry: KeyEntry) -> str | None:
        """The key is in the file; gives its secret, which is kept nowhere.

        Returns:
            None where a key of this name with these properties was there before.

        Raises:
            ConfigInvalid: a name that logs and metrics could not carry.
            KeyExists: one of this name with other properties was, or there are too many.
        """
        if _NAME.fullmatch(entry.name) is None:
            raise ConfigInvalid(
                "this is no name for a key", expected="such as helpdesk-1", actual=entry.name
            )
        make_private_folder(self._path.parent)
        with locked(self._path.with_suffix(".lock")):
            keys = self.list()
            found = next((key for key in keys if key.name == entry.name), None)
            if found is not None:
                _require_alike(found, entry)
                return None
            if len(keys) >= MAX_KEYS:
                raise KeyExists("there are too many keys", expected=MAX_KEYS, actual=len(keys))
            secret = create_secret()
            made = msgspec.structs.replace(entry, hash=hash_secret(secret))
            write_document(self._path, KeyFile(keys=(*keys, made)), mode=PRIVATE_FILE)
        return secret

    def revoke(self, name: str) -> KeyEntry:
        """No key of this name is in the file; running gateways refuse it a moment later.

        Raises:
            KeyNameUnknown: there was none; names the nearest.
        """
        if not self._path.exists():
            raise KeyNameUnknown("key of the gateway", name, ())
        with locked(self._path.with_suffix(".lock")):
            keys = self.list()
            found = next((key for key in keys if key.name == name), None)
            if found is None:
                raise KeyNameUnknown("key of the gateway", name, [key.name for key in keys])
            left = tuple(key for key in keys if key.name != name)
            write_document(self._path, KeyFile(keys=left), mode=PRIVATE_FILE)
        return found


def find_key_file(folder: NetworkFolder, named: str = "") -> Path:
    """Where a gateway's keys lie: as configured, or in the network's folder."""
    return Path(named) if named else folder.gateway / "keys.json"


def create_secret() -> str:
    """A new secret: 256 random bits in a form that people can copy."""
    random = secrets.token_bytes(SECRET_BYTES)
    return SECRET_PREFIX + b32encode(random).decode().rstrip("=").lower()


def hash_secret(secret: str) -> str:
    """What is kept of a secret. No salt or slow hash: nobody guesses 256 random bits."""
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()


def _require_alike(found: KeyEntry, wanted: KeyEntry) -> None:
    same = msgspec.structs.replace(
        wanted, hash=found.hash, created_at_ms=found.created_at_ms, cap_per=found.cap_per
    )
    if wanted.cap_ucr is not None:
        same = msgspec.structs.replace(same, cap_per=wanted.cap_per)
    if same != found:
        raise KeyExists(
            f"the key {wanted.name} exists with other properties: revoke it first, or use another "
            "name",
            expected=f"project {found.project}",
            actual=f"project {wanted.project}",
        )
