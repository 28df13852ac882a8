"""Real components for integration tests: a chain of our own, and a network deployed on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.anvil import run_anvil
from tests.integration.deployed import DeployedNetwork, deploy_on


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
