"""A network from chain-config/local on a test's own chain, and the keys to all of it."""

import secrets
from dataclasses import dataclass
from typing import Any, Final

from eth_account import Account
from eth_account.signers.local import LocalAccount
from nacl.signing import SigningKey
from tests.integration.voting import carry_vote
from web3 import Web3

from tallystick.chain.bindings.onboarding import Onboarding
from tallystick.chain.calls import Write
from tallystick.chain.config import load_network_config, load_tariff_config
from tallystick.chain.deploy import deploy_network
from tallystick.chain.network import Network
from tallystick.chain.reader import connect
from tallystick.chain.transact import TransactionJournal, TransactionSender
from tallystick.chain.wiring import Founding, Seat
from tallystick.core.facts import Validator

OUTSIDE_ORGANISATIONS: Final = 1 << 32
"""Seats speak for the last account ids, which no organisation of a test gets."""


@dataclass(frozen=True)
class ValidatorKeys:
    """The three keys of one validator."""

    attester: LocalAccount
    sender: LocalAccount
    transport: SigningKey


@dataclass(frozen=True)
class DeployedNetwork:
    """A network on a chain of its own, and the keys to all of it."""

    url: str
    w3: Web3
    network: Network
    registrar: TransactionSender
    guardian: TransactionSender
    seats: tuple[TransactionSender, ...]
    validators: tuple[ValidatorKeys, ...]
    founding: Founding

    def vote(self, *writes: Write[Any]) -> None:
        """The seats have decided that these calls happen, and they have."""
        carry_vote(self.w3, self.network.addresses, self.seats, writes)

    def admit(self, name: str) -> int:
        """A new organisation that the registrar controls and keeps; gives its id."""
        who = self.registrar.address
        onboarding = Onboarding(self.network.addresses.onboarding)
        return self.registrar.send(onboarding.admit(name, who, who)).outcome


def create_validators(count: int) -> tuple[ValidatorKeys, ...]:
    """Fresh keys for this many validators."""
    return tuple(
        ValidatorKeys(Account.create(), Account.create(), SigningKey.generate())
        for _ in range(count)
    )


def describe_validators(keys: tuple[ValidatorKeys, ...]) -> tuple[Validator, ...]:
    """The validators as the chain knows them."""
    return tuple(
        Validator(
            attester=key.attester.address.lower(),
            sender=key.sender.address.lower(),
            transport_key=bytes(key.transport.verify_key),
            name=f"validator-{index}",
            url=f"http://127.0.0.1:{index + 1}",
        )
        for index, key in enumerate(keys)
    )


def found_with(
    w3: Web3, validators: tuple[Validator, ...], *, journal: TransactionJournal | None = None
) -> tuple[Founding, list[TransactionSender]]:
    """A founding with fresh keys, and the senders of its registrar, its guardian and its seats."""
    people = [
        TransactionSender(w3, Account.create(), journal=journal) for _ in range(len(validators) + 2)
    ]
    seats = tuple(
        Seat(seat.address, OUTSIDE_ORGANISATIONS - number)
        for number, seat in enumerate(people[2:], start=1)
    )
    founding = Founding(
        network_id=secrets.token_bytes(32),
        validators=validators,
        registrar=people[0].address,
        guardian=people[1].address,
        seats=seats,
    )
    return founding, people


def deploy_on(url: str, *, journal: TransactionJournal | None = None) -> DeployedNetwork:
    """A network of four validators is deployed on the chain, and handed over."""
    w3 = connect(url)
    validators = create_validators(4)
    founding, (registrar, guardian, *seats) = found_with(
        w3, describe_validators(validators), journal=journal
    )
    deployer = TransactionSender(w3, Account.create(), journal=journal)
    network = deploy_network(w3, deployer, founding, load_network_config(), load_tariff_config())
    return DeployedNetwork(
        url, w3, network, registrar, guardian, tuple(seats), validators, founding
    )
