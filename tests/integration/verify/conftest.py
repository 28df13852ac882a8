"""One chain for all tests of verification, put back between them."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace

import pytest
from tests.integration.anvil import run_anvil
from tests.integration.settling import SettlingNetwork, found_network

from tallystick.chain.reader import ask


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SettlingNetwork]:
    with run_anvil(tmp_path_factory.mktemp("chain")) as url:
        yield found_network(url)


@pytest.fixture
def net(founded: SettlingNetwork) -> Iterator[SettlingNetwork]:
    """The founded network with nothing settled; what the test does to it is undone."""
    snapshot = ask(founded.w3, "evm_snapshot", ())
    yield replace(founded, book=deepcopy(founded.book))
    ask(founded.w3, "evm_revert", (snapshot,))
