"""The keys of a local network: made once, kept in files that only their owner may read."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from coincurve import PrivateKey
from nacl.signing import SigningKey

from tallystick.chain.key_files import read_key_address, write_key_file
from tallystick.chain.keys import read_private, write_private
from tallystick.core.attestation import compute_address
from tallystick.core.facts import Validator
from tallystick.local.folder import NetworkFolder
from tallystick.local.roles import GUARDIAN, REGISTRAR, name_seat


class ValidatorKeys(msgspec.Struct, frozen=True):
    """A validator's three keys in hex, as its node reads them."""

    attest_key: str
    send_key: str
    transport_key: str

    def describe(self, name: str, url: str) -> Validator:
        """What the validator set says about their owner."""
        return Validator(
            attester=_address_of(self.attest_key),
            sender=_address_of(self.send_key),
            transport_key=bytes(SigningKey(bytes.fromhex(self.transport_key)).verify_key),
            name=name,
            url=url,
        )


def create_keys(folder: NetworkFolder, validators: Sequence[str]) -> None:
    """Every key of the network exists; those that did are kept."""
    seats = [name_seat(number) for number in range(1, len(validators) + 1)]
    for name in (REGISTRAR, GUARDIAN, *seats):
        ensure_key(folder, name)
    for validator in validators:
        if not folder.validator_keys(validator).exists():
            write_private(
                folder.validator_keys(validator), msgspec.json.encode(_create_validator_keys())
            )


def ensure_key(folder: NetworkFolder, name: str) -> str:
    """A chain key of this name lies in the folder, made where there was none; gives its address.

    One that is there may be encrypted.
    """
    path = folder.role_key(name)
    return read_key_address(path) if path.exists() else write_key_file(path, PrivateKey(), None)


def load_validator_keys(folder: NetworkFolder, validator: str) -> ValidatorKeys:
    """A validator's keys."""
    return msgspec.json.decode(read_private(folder.validator_keys(validator)), type=ValidatorKeys)


def _create_validator_keys() -> ValidatorKeys:
    return ValidatorKeys(
        attest_key=PrivateKey().to_hex(),
        send_key=PrivateKey().to_hex(),
        transport_key=bytes(SigningKey.generate()).hex(),
    )


def _address_of(key_hex: str) -> str:
    return compute_address(PrivateKey.from_hex(key_hex).public_key)
