"""What the tests of one file share: a network with projects, pages of metrics, real devices."""

from collections.abc import Iterator

import pytest
from tests.integration.cli.program import Program
from tests.integration.gateway.running import run_network
from tests.integration.gpu.pages import Pages, serve_pages

from tallystick.meter.gpu.errors import NvmlUnavailable
from tallystick.meter.gpu.nvml import opened_nvml
from tallystick.meter.gpu.nvml_library import NvmlLibrary
from tallystick.sidecar.collect.sources import load_nvml

NO_DEVICE = pytest.StashKey[str]()


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


@pytest.fixture
def real_nvml(pytestconfig: pytest.Config) -> Iterator[NvmlLibrary]:
    """The library of this machine's devices; tests that ask for it are skipped without any."""
    try:
        with opened_nvml(load_nvml()) as library:
            yield library
    except NvmlUnavailable as error:
        pytestconfig.stash[NO_DEVICE] = str(error)
        pytest.skip(f"no NVIDIA device: {error}")


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say at the end, in red, that no device was metered."""
    if config.stash.get(NO_DEVICE, ""):
        terminalreporter.write_sep("!", "GPU TESTS SKIPPED: no NVIDIA device found", red=True)
