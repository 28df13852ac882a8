"""The folder's keys by name and by address: who can sign what from here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from coincurve import PrivateKey

from tallystick.chain.key_files import is_encrypted, read_key_address, read_key_file, write_key_file
from tallystick.chain.key_sources import AskPassphrase, open_attest_key
from tallystick.client.errors import KeyExists, KeyMissing, KeyUnknown, PathInvalid
from tallystick.core.attestation import compute_address
from tallystick.local.folder import NetworkFolder

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}", re.ASCII)
_LATER_GENERATION: Final = re.compile(r".+\.\d+", re.ASCII)
_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]{40}", re.ASCII)


class KeyRing:
    """The secp256k1 keys in a network's folder.

    Args:
        folder: where they lie.
        ask_passphrase: of those that are encrypted; None where nobody can be asked.
    """

    def __init__(self, folder: NetworkFolder, ask_passphrase: AskPassphrase | None = None) -> None:
        self._folder = folder
        self._ask_passphrase = ask_passphrase
        self._key_by_name: dict[str, PrivateKey] = {}
        self._address_by_name: dict[str, str] = {}

    def names(self) -> list[str]:
        """Every key's name."""
        return sorted(path.stem for path in self._folder.keys.glob("*.key"))

    def create(self, name: str, *, passphrase: str | None = None) -> str:
        """A key of this name lies in the folder, made where there was none; gives its address.

        Args:
            name: of the key.
            passphrase: encrypts a new key; None leaves it bare.

        Raises:
            PathInvalid: no name for a file.
        """
        path = self._place(name)
        if path.exists():
            return self.address_of(name)
        return write_key_file(path, PrivateKey(), passphrase)

    def add(self, name: str, key: PrivateKey, *, passphrase: str | None = None) -> str:
        """The key lies in the folder under this name; gives its address.

        Args:
            name: of the key.
            key: made elsewhere.
            passphrase: encrypts it; None leaves it bare.

        Raises:
            PathInvalid: no name for a file.
            KeyExists: another key has the name.
        """
        path, address = self._place(name), compute_address(key.public_key)
        if not path.exists():
            return write_key_file(path, key, passphrase)
        if self.address_of(name) != address:
            raise KeyExists(
                f"the folder has another key named {name}",
                expected=address,
                actual=self.address_of(name),
            )
        return address

    def load(self, name: str) -> PrivateKey:
        """The key of this name, opened with a passphrase where it is encrypted.

        Raises:
            KeyUnknown: there is none; says which names look like it.
            PassphraseMissing, PassphraseWrong, KeystoreMalformed, KeyFileInvalid.
        """
        if name not in self._key_by_name:
            self._key_by_name[name] = read_key_file(self._find(name), self._ask_passphrase)
        return self._key_by_name[name]

    def address_of(self, name: str) -> str:
        """The address that a key signs for, lower case; no passphrase is asked for it."""
        if name not in self._address_by_name:
            path = self._find(name)
            self._address_by_name[name] = read_key_address(path, self._ask_passphrase)
        return self._address_by_name[name]

    def is_encrypted(self, name: str) -> bool:
        """Whether a key takes a passphrase to be used."""
        return is_encrypted(self._find(name))

    def load_attester(self, validator: str) -> PrivateKey:
        """The attesting key of a validator of this folder.

        Raises:
            KeyUnknown: its keys lie elsewhere.
            KeyFileInvalid: it lies with a signer.
            PassphraseMissing, PassphraseWrong, KeystoreMalformed.
        """
        if validator not in self.validators():
            raise KeyUnknown("validator of this folder", validator, self.validators())
        return open_attest_key(self._folder.validator_keys(validator), self._ask_passphrase)

    def validators(self) -> list[str]:
        """The validators whose keys lie in the folder; not those that a vote is to put there."""
        names = (path.stem for path in self._folder.keys.glob("*.json"))
        return sorted(name for name in names if _LATER_GENERATION.fullmatch(name) is None)

    def resolve(self, who: str) -> str:
        """The address that somebody means: an address itself, or the name of a key.

        Raises:
            KeyUnknown: neither.
        """
        return who.lower() if _ADDRESS.fullmatch(who) else self.address_of(who)

    def find(self, address: str) -> str:
        """The name of the key that signs for an address.

        Raises:
            KeyMissing: the folder holds none.
        """
        for name in self.names():
            if self.address_of(name) == address.lower():
                return name
        raise KeyMissing("this folder lacks the key that may do this", expected=address)

    def held(self, addresses: Sequence[str]) -> list[str]:
        """The names of those keys that sign for one of these addresses, in their order."""
        name_by_address = {self.address_of(name): name for name in self.names()}
        found = (name_by_address.get(address.lower()) for address in addresses)
        return [name for name in found if name is not None]

    def _place(self, name: str) -> Path:
        if _NAME.fullmatch(name) is None:
            raise PathInvalid(
                "this is no name for a key", expected="such as confirmer-1", actual=name
            )
        return self._folder.role_key(name)

    def _find(self, name: str) -> Path:
        path = self._folder.role_key(name)
        if not path.exists():
            raise KeyUnknown("key of this folder", name, self.names())
        return path
