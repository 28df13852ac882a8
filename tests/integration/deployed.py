"""A network from chain-config/local on a test's own chain, and the keys to all of it."""

import secrets
from dataclasses import dataclass

from eth_account import Account
from eth_account.signers.local import LocalAccount
from nacl.signing import SigningKey
from web3 import Web3

from tallystick.chain.config import load_network_config, load_tariff_config
from tallystick.chain.deploy import deploy_network
from tallystick.chain.network import Network
from tallystick.chain.reader import connect
from tallystick.chain.transact import TransactionJournal, TransactionSender
from tallystick.chain.wiring import Founding
from tallystick.core.facts import Validator


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
    governance: TransactionSender
    registrar: TransactionSender
    validators: tuple[ValidatorKeys, ...]


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


def deploy_on(url: str, *, journal: TransactionJournal | None = None) -> DeployedNetwork:
    """A network of four validators is deployed on the chain."""
    w3 = connect(url)
    governance = TransactionSender(w3, Account.create(), journal=journal)
    registrar = TransactionSender(w3, Account.create(), journal=journal)
    validators = create_validators(4)
    founding = Founding(
        network_id=secrets.token_bytes(32),
        validators=describe_validators(validators),
        guardian=governance.address,
    )
    network = deploy_network(
        w3, governance, registrar, founding, load_network_config(), load_tariff_config()
    )
    return DeployedNetwork(url, w3, network, governance, registrar, validators)
