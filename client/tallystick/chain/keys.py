"""Private keys in files of mode 0600: secp256k1 for the chain, ed25519 for frames and transport.

A key is never printed: both key types show an address or nothing of themselves.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Final

from nacl.signing import SigningKey

from tallystick.chain.errors import KeyFileInvalid

if TYPE_CHECKING:
    from eth_account import Account
    from eth_account.signers.local import LocalAccount

KEY_BYTES: Final = 32
PRIVATE_MODE: Final = 0o600
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def create_chain_key(path: Path) -> LocalAccount:
    """A new secp256k1 key lies in the file, which must not exist yet."""
    account: LocalAccount = _load_library().create()
    write_private(path, account.key.hex().encode())
    return account


def load_chain_key(path: Path) -> LocalAccount:
    """The secp256k1 key in a file.

    Raises:
        KeyFileInvalid: missing, readable by others, or no key.
    """
    try:
        account: LocalAccount = _load_library().from_key(parse_key(path, read_private(path)))
    except ValueError as error:
        raise KeyFileInvalid("a key file holds no secp256k1 key", actual=str(path)) from error
    return account


def create_signing_key(path: Path) -> SigningKey:
    """A new ed25519 key lies in the file, which must not exist yet."""
    key = SigningKey.generate()
    write_private(path, bytes(key).hex().encode())
    return key


def load_signing_key(path: Path) -> SigningKey:
    """The ed25519 key in a file.

    Raises:
        KeyFileInvalid: missing, readable by others, or no key.
    """
    return SigningKey(parse_key(path, read_private(path)))


def _load_library() -> type[Account]:
    """Accounts of the library, imported by those who need them.

    It takes two seconds and 40 MB, and most programs read no key of the chain.
    """
    from eth_account import Account  # noqa: PLC0415 - see above

    return Account


def write_private(path: Path, content: bytes) -> None:
    """The content lies in a new file that only its owner may read, on disk when this returns.

    Raises:
        KeyFileInvalid: the file exists; a key is never overwritten.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_MODE)
    except FileExistsError as error:
        raise KeyFileInvalid("a key file exists and is kept", actual=str(path)) from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def read_private(path: Path) -> bytes:
    """The content of a file that only its owner may read.

    Raises:
        KeyFileInvalid: missing, or its permissions are wider than 0600.
    """
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & _OTHERS:
                raise KeyFileInvalid(
                    f"others may read the key file {path}", expected="mode 600", actual=f"{mode:o}"
                )
            return file.read()
    except FileNotFoundError as error:
        raise KeyFileInvalid("a key file is missing", actual=str(path)) from error


def parse_key(path: Path, content: bytes) -> bytes:
    """The 32 bytes that a bare key file holds in hex.

    Raises:
        KeyFileInvalid: it holds no key.
    """
    try:
        key = bytes.fromhex(content.decode("ascii").strip().removeprefix("0x"))
    except ValueError as error:
        raise KeyFileInvalid(f"the key file {path} holds no hexadecimal") from error
    if len(key) != KEY_BYTES:
        raise KeyFileInvalid(
            f"the key file {path} holds no key", expected=f"{KEY_BYTES} bytes", actual=len(key)
        )
    return key
