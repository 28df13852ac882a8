"""What the tests of one file share: a network with projects, and pages of metrics."""

from collections.abc import Iterator

import pytest
from tests.integration.cli.program import Program
from tests.integration.gateway.running import run_network
from tests.integration.gpu.pages import Pages, serve_pages


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """The program in a folder in which a network with three projects runs."""
    with run_network(tmp_path_factory.mktemp("user")) as program:
        for project in ("acme/app", "acme/ops", "acme/research"):
            program.ask("account", "create", project)
            program.ask("grant", project, "10000")
        yield program


@pytest.fixture
def pages() -> Iterator[Pages]:
    with serve_pages() as pages:
        yield pages
