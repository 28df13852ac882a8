"""Keys encrypted with a passphrase: Web3 Secret Storage version 3 with scrypt, in private files.

Any tool of the field reads these files. An ed25519 seed is kept the same way, without an address.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from tallystick.chain.errors import KeyFileInvalid, KeystoreMalformed, PassphraseWrong
from tallystick.chain.keys import KEY_BYTES, read_private, write_private

VERSION: Final = 3
SCRYPT_N: Final = 1 << 17
"""With r = 8: 128 MiB and half a second for every guess at a passphrase."""
MAX_SCRYPT_BYTES: Final = 256 * 1024 * 1024
"""128 n r, what a keystore may make us allocate; what geth writes takes exactly this much."""
MAX_SCRYPT_WORK: Final = 1 << 22
"""n r p, so that a keystore is read in a few seconds at most."""
MAX_KEYSTORE_BYTES: Final = 16_384
MIN_PASSPHRASE_CHARACTERS: Final = 8
_ADDRESS_CHARACTERS: Final = 42


def write_keystore(
    path: Path, secret: bytes, passphrase: str, *, address: str | None, scrypt_n: int = SCRYPT_N
) -> None:
    """The secret lies encrypted in a new file of mode 0600, on disk when this returns.

    Args:
        path: must not exist yet.
        secret: 32 bytes.
        passphrase: what decrypts it.
        address: 0x address of a secp256k1 key, None for another kind of secret.
        scrypt_n: cost of a guess, a power of two.

    Raises:
        KeyFileInvalid: the file exists; a key is never overwritten.

    Source: Web3 Secret Storage Definition, version 3.
    """
    from eth_keyfile.keyfile import create_keyfile_json  # noqa: PLC0415 - takes a second to import

    document = create_keyfile_json(secret, passphrase.encode(), VERSION, "scrypt", scrypt_n)
    del document["address"]
    if address is not None:
        document["address"] = address.lower().removeprefix("0x")
    write_private(path, json.dumps(document).encode())


def read_keystore(path: Path, passphrase: str) -> bytes:
    """The 32 bytes kept in a keystore.

    Raises:
        KeyFileInvalid: missing, or readable by others.
        KeystoreMalformed: not version 3 with scrypt, or costlier to read than any of ours.
        PassphraseWrong: the passphrase does not decrypt it.
    """
    from eth_keyfile.keyfile import decode_keyfile_json  # noqa: PLC0415 - takes a second to import

    document = _parse(path)
    _check_cost(path, document)
    try:
        secret = decode_keyfile_json(document, passphrase.encode())
    except ValueError as error:
        if "MAC" in str(error):
            raise PassphraseWrong(
                "the passphrase does not open a keystore", actual=str(path)
            ) from error
        raise _refuse(path, "a field is malformed") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise _refuse(path, "a field is missing or malformed") from error
    if len(secret) != KEY_BYTES:
        raise _refuse(path, f"it holds {len(secret)} bytes")
    return bytes(secret)


def read_keystore_address(path: Path) -> str | None:
    """The lower-case 0x address that a keystore names, None where it names none; not verified.

    Raises:
        KeyFileInvalid, KeystoreMalformed.
    """
    address = _parse(path).get("address")
    if address is None:
        return None
    text = f"0x{str(address).removeprefix('0x').lower()}"
    if len(text) != _ADDRESS_CHARACTERS:
        raise _refuse(path, "its address has a wrong size")
    return text


def is_keystore(content: bytes) -> bool:
    """Whether a key file's content is a keystore rather than a bare key."""
    return content.lstrip()[:1] == b"{"


def read_passphrase(path: Path) -> str:
    """The first line of a file that only its owner may read.

    Raises:
        KeyFileInvalid: missing, readable by others, no text, or too short.
    """
    try:
        lines = read_private(path).decode().splitlines()
    except UnicodeDecodeError as error:
        raise KeyFileInvalid("a passphrase file holds no text", actual=str(path)) from error
    return check_passphrase(lines[0] if lines else "")


def check_passphrase(passphrase: str) -> str:
    """The passphrase, which is long enough to be one.

    Raises:
        KeyFileInvalid: too short.
    """
    if len(passphrase) < MIN_PASSPHRASE_CHARACTERS:
        raise KeyFileInvalid(
            "a passphrase is too short",
            expected=f"at least {MIN_PASSPHRASE_CHARACTERS} characters",
            actual=len(passphrase),
        )
    return passphrase


def _parse(path: Path) -> dict[str, Any]:
    content = read_private(path)
    if len(content) > MAX_KEYSTORE_BYTES:
        raise _refuse(path, f"it is longer than {MAX_KEYSTORE_BYTES} bytes")
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise _refuse(path, "it is no JSON") from error
    if not isinstance(document, dict):
        raise _refuse(path, "it is no JSON object")
    return document


def _check_cost(path: Path, document: dict[str, Any]) -> None:
    """What reading the keystore takes is known and bounded before any of it is spent."""
    crypto = document.get("crypto", document.get("Crypto"))
    if document.get("version") != VERSION or not isinstance(crypto, dict):
        raise _refuse(path, f"version {document.get('version')!s:.16}")
    terms = crypto.get("kdfparams")
    if crypto.get("kdf") != "scrypt" or not isinstance(terms, dict):
        raise _refuse(path, f"key derivation {crypto.get('kdf')!s:.16}")
    n, r, p = (_read_count(path, terms, name) for name in ("n", "r", "p"))
    if terms.get("dklen") != KEY_BYTES or n == 1 or n & (n - 1):
        raise _refuse(path, "its scrypt parameters are malformed")
    if 128 * n * r > MAX_SCRYPT_BYTES or n * r * p > MAX_SCRYPT_WORK:
        raise _refuse(path, "its scrypt parameters ask for too much")


def _read_count(path: Path, terms: dict[str, Any], name: str) -> int:
    value = terms.get(name)
    if type(value) is not int or value < 1:
        raise _refuse(path, f"its scrypt {name} is no positive number")
    return value


def _refuse(path: Path, why: str) -> KeystoreMalformed:
    return KeystoreMalformed(
        f"the keystore {path} cannot be read",
        expected="Web3 Secret Storage version 3 with scrypt",
        actual=why,
    )
