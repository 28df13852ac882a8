"""Key files of people: a bare secp256k1 key in hex, or the same in a keystore."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from coincurve import PrivateKey

from tallystick.chain.errors import KeyFileInvalid, PassphraseMissing
from tallystick.chain.key_sources import AskPassphrase
from tallystick.chain.keys import parse_key, read_private, write_private
from tallystick.chain.keystore import (
    is_keystore,
    read_keystore,
    read_keystore_address,
    write_keystore,
)
from tallystick.core.attestation import compute_address

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount


def read_key_file(path: Path, ask_passphrase: AskPassphrase | None = None) -> PrivateKey:
    """The key in a file; the passphrase is asked for where it is a keystore.

    Raises:
        KeyFileInvalid, KeystoreMalformed, PassphraseWrong, PassphraseMissing.
    """
    content = read_private(path)
    if not is_keystore(content):
        return _make_key(path, parse_key(path, content))
    if ask_passphrase is None:
        raise PassphraseMissing(
            "a key is encrypted", expected="a passphrase file", actual=str(path)
        )
    key = _make_key(path, read_keystore(path, ask_passphrase()))
    named = read_keystore_address(path)
    if named not in (None, compute_address(key.public_key)):
        raise KeyFileInvalid(
            f"the keystore {path} holds another key than it names",
            expected=named,
            actual=compute_address(key.public_key),
        )
    return key


def is_encrypted(path: Path) -> bool:
    """Whether a key file is a keystore.

    Raises:
        KeyFileInvalid: missing, or readable by others.
    """
    return is_keystore(read_private(path))


def read_key_address(path: Path, ask_passphrase: AskPassphrase | None = None) -> str:
    """The lower-case 0x address that the key in a file signs for.

    A keystore that names its address is believed without a passphrase; one that lies is refused
    when it is to sign.

    Raises:
        KeyFileInvalid, KeystoreMalformed, PassphraseWrong, PassphraseMissing.
    """
    named = read_keystore_address(path) if is_encrypted(path) else None
    return named or compute_address(read_key_file(path, ask_passphrase).public_key)


def open_chain_key(path: Path, ask_passphrase: AskPassphrase | None = None) -> LocalAccount:
    """The key in a file, for transactions of people; see `read_key_file`."""
    from eth_account import Account  # noqa: PLC0415 - takes two seconds to import

    account: LocalAccount = Account.from_key(read_key_file(path, ask_passphrase).secret)
    return account


def write_key_file(path: Path, key: PrivateKey, passphrase: str | None) -> str:
    """The key lies in a new file, encrypted where there is a passphrase; gives its address.

    Raises:
        KeyFileInvalid: the file exists; a key is never overwritten.
    """
    address = compute_address(key.public_key)
    if passphrase is None:
        write_private(path, key.to_hex().encode())
    else:
        write_keystore(path, key.secret, passphrase, address=address)
    return address


def _make_key(path: Path, secret: bytes) -> PrivateKey:
    try:
        return PrivateKey(secret)
    except ValueError as error:
        raise KeyFileInvalid("a key file holds no secp256k1 key", actual=str(path)) from error
