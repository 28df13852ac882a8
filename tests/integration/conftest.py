"""Real components for integration tests: a chain of our own, and a network deployed on it."""

import secrets
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import pytest
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

ROOT = Path(__file__).resolve().parents[2]
ANVIL_PROGRAMS = "node_modules/@foundry-rs/anvil-*/bin/anvil"
LISTENING = "Listening on "
STOP_PATIENCE_S = 10


@dataclass(frozen=True)
class Anvil:
    """A chain process and where it answers."""

    url: str
    process: subprocess.Popen[bytes]


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


@contextmanager
def run_anvil(*flags: str) -> Iterator[Anvil]:
    """Inside the block a chain answers on a free port; afterwards its process is gone."""
    program = next(ROOT.glob(ANVIL_PROGRAMS))
    command = [str(program), "--host", "127.0.0.1", "--port", "0", *("--accounts", "0")]
    command += ["--chain-id", str(load_network_config().chain.id), "--hardfork", "cancun"]
    command += ["--base-fee", "0", "--gas-price", "0", "--slots-in-an-epoch", "0"]
    command += ["--gas-limit", str(load_network_config().chain.gas_limit), "--enable-tx-gas-limit"]
    with (
        TemporaryFile("w+") as log,
        subprocess.Popen([*command, *flags], stdout=log, stderr=subprocess.STDOUT) as process,
    ):
        try:
            yield Anvil(f"http://{_read_greeting(log, process)}", process)
        finally:
            process.kill()
            process.wait(STOP_PATIENCE_S)


def _read_greeting(log: IO[str], process: subprocess.Popen[bytes]) -> str:
    """Host and port, from anvil's own words: nobody else can take a port that it chose itself."""
    while True:
        has_ended = process.poll() is not None
        log.seek(0)
        text = log.read()
        if LISTENING in text:
            return text.split(LISTENING)[1].strip().split()[0]
        assert not has_ended, f"anvil ended before it listened: {text}"
        time.sleep(0.01)


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


@pytest.fixture
def anvil() -> Iterator[Anvil]:
    """A chain that this test has for itself."""
    with run_anvil() as chain:
        yield chain


@pytest.fixture(scope="module")
def deployed() -> Iterator[DeployedNetwork]:
    """A network that the tests of one file share: each founds its own organisation."""
    with run_anvil() as chain:
        yield deploy_on(chain.url)
