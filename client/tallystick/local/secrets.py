"""The keys of a local network: made once, kept in files that only their owner may read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
from coincurve import PrivateKey
from nacl.signing import SigningKey

from tallystick.chain.keys import create_chain_key, load_chain_key, read_private, write_private
from tallystick.core.attestation import compute_address
from tallystick.core.facts import Validator

GOVERNANCE: Final = "governance"
REGISTRAR: Final = "registrar"


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


@dataclass(frozen=True)
class KeyRing:
    """The key files of one network."""

    folder: Path

    def create(self, validators: list[str]) -> None:
        """Every key exists; those that did are kept."""
        for role in (GOVERNANCE, REGISTRAR):
            if not self.role_file(role).exists():
                create_chain_key(self.role_file(role))
        for validator in validators:
            if not self.validator_file(validator).exists():
                write_private(
                    self.validator_file(validator), msgspec.json.encode(_create_validator_keys())
                )

    def role_file(self, role: str) -> Path:
        """Where the key of a role lies."""
        return self.folder / f"{role}.key"

    def validator_file(self, validator: str) -> Path:
        """Where a validator's keys lie."""
        return self.folder / f"{validator}.json"

    def load_validator(self, validator: str) -> ValidatorKeys:
        """A validator's keys."""
        content = read_private(self.validator_file(validator))
        return msgspec.json.decode(content, type=ValidatorKeys)

    def address_of(self, role: str) -> str:
        """The address of a role's key, lower case."""
        return str(load_chain_key(self.role_file(role)).address).lower()


def _create_validator_keys() -> ValidatorKeys:
    return ValidatorKeys(
        attest_key=PrivateKey().to_hex(),
        send_key=PrivateKey().to_hex(),
        transport_key=bytes(SigningKey.generate()).hex(),
    )


def _address_of(key_hex: str) -> str:
    return compute_address(PrivateKey.from_hex(key_hex).public_key)
