"""A validator's keys file: where each of its three keys is, and what it needs to be used.

JSON of mode 0600 with `attest_key`, `send_key` and `transport_key`. Each is 64 hex digits, or
`{"keystore": PATH}`; the first two may also be `{"signer": URL, "public_key": HEX}` with the
optional TLS files `ca_file`, `certificate_file` and `certificate_key_file`. Paths are relative to
the keys file.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
from coincurve import PrivateKey
from nacl.signing import SigningKey

from tallystick.chain.errors import KeyFileInvalid, PassphraseMissing
from tallystick.chain.keys import KEY_BYTES, read_private
from tallystick.chain.keystore import read_keystore, read_keystore_address
from tallystick.chain.remote_signer import PUBLIC_KEY_BYTES, RemoteSigner, SignerTls
from tallystick.chain.signer import KeySigner, Signer
from tallystick.core.facts import Validator

AskPassphrase = Callable[[], str]
"""Gives the passphrase of a keystore; raises PassphraseMissing where there is none."""

_UNCOMPRESSED: Final = b"\x04"


class KeySource(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A key that does not lie bare in the keys file: in a keystore, or with a signer."""

    keystore: str | None = None
    """Path of a Web3 Secret Storage file; the passphrase opens it."""
    signer: str | None = None
    """URL of a signer that speaks web3signer's eth1 API."""
    public_key: str | None = None
    """The key that the signer is to sign with: 0x and 128 hex digits."""
    ca_file: str | None = None
    """Certificates by which the signer is known."""
    certificate_file: str | None = None
    """What the signer knows us by, with `certificate_key_file`."""
    certificate_key_file: str | None = None


class KeysFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file. A text is a bare key in hex."""

    attest_key: str | KeySource
    send_key: str | KeySource
    transport_key: str | KeySource


@dataclass(frozen=True, slots=True, repr=False)
class NodeKeys:
    """A validator's three keys, ready to sign."""

    attest_signer: Signer
    send_signer: Signer
    transport_key: SigningKey

    @property
    def attester(self) -> str:
        """The lower-case address whose attestations count."""
        return self.attest_signer.address

    def are_of(self, validator: Validator) -> bool:
        """Whether these are the keys that the validator set gives for the validator."""
        return (
            validator.attester.lower() == self.attest_signer.address
            and validator.sender.lower() == self.send_signer.address
            and validator.transport_key == bytes(self.transport_key.verify_key)
        )

    async def aclose(self) -> None:
        """No connection to a signer is left open."""
        await self.attest_signer.aclose()
        await self.send_signer.aclose()


def read_keys_file(path: Path) -> KeysFile:
    """What a keys file says.

    Raises:
        KeyFileInvalid: missing, readable by others, or no keys file.
    """
    try:
        return msgspec.json.decode(read_private(path), type=KeysFile)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise KeyFileInvalid("this is no keys file", actual=str(path)) from error


def open_keys(path: Path, ask_passphrase: AskPassphrase | None = None) -> NodeKeys:
    """The three keys of a keys file, which differ from each other.

    Args:
        path: the keys file.
        ask_passphrase: of its keystores, which share one; None where it has none.

    Raises:
        KeyFileInvalid, KeystoreMalformed, PassphraseWrong, PassphraseMissing.
    """
    file = read_keys_file(path)
    opener = _Opener(path, ask_passphrase or _refuse_to_ask)
    attest, send = opener.open_signer(file.attest_key), opener.open_signer(file.send_key)
    seed = opener.read_secret(file.transport_key)
    check_distinct(path, attest, send, seed)
    return NodeKeys(attest, send, SigningKey(seed))


def open_attest_key(path: Path, ask_passphrase: AskPassphrase | None = None) -> PrivateKey:
    """The attest key of a keys file, for what a person signs with it: a suspension, a price.

    Raises:
        KeyFileInvalid: there is none here: it lies with a signer; and as `open_keys`.
    """
    source = read_keys_file(path).attest_key
    if isinstance(source, KeySource) and source.signer is not None:
        raise KeyFileInvalid(
            "an attest key lies with a signer", expected="hex digits or a keystore"
        )
    secret = _Opener(path, ask_passphrase or _refuse_to_ask).read_secret(source)
    try:
        return PrivateKey(secret)
    except ValueError as error:
        raise KeyFileInvalid("an attest key is out of range", actual=str(path)) from error


def check_distinct(path: Path, attest: Signer, send: Signer, seed: bytes) -> None:
    """No key serves two purposes: who gets hold of one can do one thing.

    Raises:
        KeyFileInvalid: two of them are one.
    """
    addresses = [attest.address, send.address]
    with contextlib.suppress(ValueError):  # a seed out of the curve's range is nobody's key there
        addresses.append(KeySigner(PrivateKey(seed)).address)
    if len(set(addresses)) < len(addresses):
        raise KeyFileInvalid(
            f"one key serves two purposes in {path}",
            expected="attest_key, send_key and transport_key that differ",
        )


class _Opener:
    """Opens the keys of one file; the passphrase is asked for once."""

    def __init__(self, path: Path, ask_passphrase: AskPassphrase) -> None:
        self._path = path
        self._ask = ask_passphrase
        self._passphrase: str | None = None

    def open_signer(self, source: str | KeySource) -> Signer:
        if isinstance(source, KeySource) and source.signer is not None:
            return self._open_remote(source, source.signer)
        secret = self.read_secret(source)
        try:
            signer = KeySigner(PrivateKey(secret))
        except ValueError as error:
            raise self._refuse("a secp256k1 key is out of range") from error
        if isinstance(source, KeySource) and source.keystore is not None:
            self._check_address(source.keystore, signer)
        return signer

    def read_secret(self, source: str | KeySource) -> bytes:
        if isinstance(source, str):
            return self._parse(source, KEY_BYTES)
        if source.keystore is None or source != KeySource(keystore=source.keystore):
            raise self._refuse("neither hex digits nor a keystore")
        if self._passphrase is None:
            self._passphrase = self._ask()
        return read_keystore(self._resolve(source.keystore), self._passphrase)

    def _open_remote(self, source: KeySource, url: str) -> RemoteSigner:
        if source.keystore is not None or source.public_key is None:
            raise self._refuse("a signer without public_key, or with a keystore")
        tls = SignerTls(
            *(
                self._resolve(name) if name is not None else None
                for name in (source.ca_file, source.certificate_file, source.certificate_key_file)
            )
        )
        key = self._parse(source.public_key, PUBLIC_KEY_BYTES)
        return RemoteSigner(url, key, tls=tls)

    def _check_address(self, keystore: str, signer: KeySigner) -> None:
        named = read_keystore_address(self._resolve(keystore))
        if named not in (None, signer.address):
            raise KeyFileInvalid(
                f"the keystore {keystore} holds another key than it names",
                expected=named,
                actual=signer.address,
            )

    def _parse(self, text: str, size: int) -> bytes:
        try:
            key = bytes.fromhex(text.removeprefix("0x"))
        except ValueError as error:
            raise self._refuse("a key is no hexadecimal") from error
        if len(key) == size + 1 and key[:1] == _UNCOMPRESSED:
            key = key[1:]
        if len(key) != size:
            raise self._refuse(f"a key of {len(key)} bytes instead of {size}")
        return key

    def _resolve(self, name: str) -> Path:
        return self._path.parent / name

    def _refuse(self, why: str) -> KeyFileInvalid:
        return KeyFileInvalid(f"the keys file {self._path} cannot be used", actual=why)


def _refuse_to_ask() -> str:
    raise PassphraseMissing("a key is encrypted", expected="a passphrase file")
