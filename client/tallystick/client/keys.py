"""The folder's keys by name and by address: who can sign what from here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from coincurve import PrivateKey

from tallystick.chain.keys import read_private
from tallystick.client.errors import KeyMissing, KeyUnknown, PathInvalid
from tallystick.core.attestation import compute_address
from tallystick.local.folder import NetworkFolder
from tallystick.local.secrets import ensure_key, load_validator_keys

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}", re.ASCII)
_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]{40}", re.ASCII)


class KeyRing:
    """The secp256k1 keys in a network's folder.

    Args:
        folder: where they lie.
    """

    def __init__(self, folder: NetworkFolder) -> None:
        self._folder = folder
        self._address_by_name: dict[str, str] = {}

    def names(self) -> list[str]:
        """Every key's name."""
        return sorted(path.stem for path in self._folder.keys.glob("*.key"))

    def create(self, name: str) -> str:
        """A key of this name lies in the folder, made where there was none; gives its address.

        Raises:
            PathInvalid: no name for a file.
        """
        if _NAME.fullmatch(name) is None:
            raise PathInvalid(
                "this is no name for a key", expected="such as confirmer-1", actual=name
            )
        return ensure_key(self._folder, name)

    def load(self, name: str) -> PrivateKey:
        """The key of this name.

        Raises:
            KeyUnknown: there is none; says which names look like it.
        """
        path = self._folder.role_key(name)
        if not path.exists():
            raise KeyUnknown("key of this folder", name, self.names())
        return PrivateKey.from_hex(read_private(path).decode().strip().removeprefix("0x"))

    def address_of(self, name: str) -> str:
        """The address that a key signs for, lower case."""
        if name not in self._address_by_name:
            self._address_by_name[name] = compute_address(self.load(name).public_key)
        return self._address_by_name[name]

    def load_attester(self, validator: str) -> PrivateKey:
        """The attesting key of a validator of this folder.

        Raises:
            KeyUnknown: its keys lie elsewhere.
        """
        if validator not in self.validators():
            raise KeyUnknown("validator of this folder", validator, self.validators())
        keys = load_validator_keys(self._folder, validator)
        return PrivateKey.from_hex(keys.attest_key)

    def validators(self) -> list[str]:
        """The validators whose keys lie in the folder."""
        return sorted(path.stem for path in self._folder.keys.glob("validator-*.json"))

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
