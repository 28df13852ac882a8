"""What the tests of one file share: the mock upstream, as new for each, and a network."""

from collections.abc import Iterator

import pytest
import structlog
from tests.integration.cli.program import Program
from tests.integration.gateway.running import run_network
from tests.upstream.server import Upstream, run_upstream

from tallystick.meter.gateway import relay


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


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The gateway logs to stdout, whatever a program that ran in this process had configured."""
    before = structlog.get_config()
    structlog.reset_defaults()
    monkeypatch.setattr(relay, "_log", structlog.get_logger())
    yield
    structlog.configure(**before)
