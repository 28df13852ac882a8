"""Real components for integration tests: a chain of our own, and a network deployed on it."""

from collections.abc import AsyncIterator, Iterator
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest
from tests.integration.anvil import run_anvil
from tests.integration.deployed import DeployedNetwork, deploy_on
from tests.integration.settling import SettlingNetwork, found_network

from tallystick.chain.reader import ask
from tallystick.chain.rpc import Rpc


@pytest.fixture
def chain_url(tmp_path: Path) -> Iterator[str]:
    """A chain that this test has for itself."""
    with run_anvil(tmp_path) as url:
        yield url


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedNetwork]:
    """A network that the tests of one file share: each founds its own organisation."""
    with run_anvil(tmp_path_factory.mktemp("chain")) as url:
        yield deploy_on(url)


@pytest.fixture
def anyio_backend() -> str:
    """Asynchronous tests run on asyncio, as our programs do."""
    return "asyncio"


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SettlingNetwork]:
    """A network that the tests of one file take turns with; ask for `net`."""
    with run_anvil(tmp_path_factory.mktemp("chain")) as url:
        yield found_network(url)


@pytest.fixture
def net(founded: SettlingNetwork) -> Iterator[SettlingNetwork]:
    """The founded network with nothing settled; what the test does to its chain is undone."""
    snapshot = ask(founded.w3, "evm_snapshot", ())
    yield replace(founded, book=deepcopy(founded.book))
    ask(founded.w3, "evm_setAutomine", (True,))
    ask(founded.w3, "anvil_dropAllTransactions", ())
    ask(founded.w3, "evm_revert", (snapshot,))


@pytest.fixture
async def rpc(net: SettlingNetwork) -> AsyncIterator[Rpc]:
    """The network's chain node."""
    rpc = Rpc([net.url])
    yield rpc
    await rpc.aclose()
