"""What the tests of one file share: the mock upstream, as new for each, and a network."""

from collections.abc import Iterator

import pytest
from tests.integration.cli.program import Program
from tests.integration.gateway.running import run_network
from tests.upstream.server import Upstream, run_upstream


@pytest.fixture(scope="module")
def running_upstream() -> Iterator[Upstream]:
    with run_upstream() as upstream:
        yield upstream


@pytest.fixture
def upstream(running_upstream: Upstream) -> Upstream:
    running_upstream.reset()
    return running_upstream


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """The program in a folder in which a network runs."""
    with run_network(tmp_path_factory.mktemp("user")) as program:
        yield program


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """The loop that gateways run on."""
    return "asyncio", {"use_uvloop": True}
