"""One network for all tests of a session, started and stopped as a user does it.

Its chain has five nodes unless asked otherwise: `pytest tests/network --engine anvil` runs on a
laptop's chain what does not need a real one.
"""

import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.integration.cli.program import Program, is_alive
from tests.network.figures import add_figures
from tests.network.ground import Ground, open_ground
from tests.upstream.server import Upstream, run_upstream

from tallystick.local.engines import find_engine
from tallystick.local.errors import ProgramMissing

NO_PROGRAMS = pytest.StashKey[str]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--engine", choices=("avalanche", "anvil"), default="avalanche", help="of the chain"
    )


def pytest_configure() -> None:
    """A run that is ended early stops its network, also one in a script's background."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.fixture(scope="session")
def engine(pytestconfig: pytest.Config) -> str:
    """What the chain runs on; tests that need one are skipped where its programs are missing."""
    name: str = pytestconfig.getoption("engine")
    try:
        find_engine(name).find_programs()
    except ProgramMissing as error:
        pytestconfig.stash[NO_PROGRAMS] = str(error)
        pytest.skip(str(error))
    return name


@pytest.fixture(scope="session")
def network_program(
    engine: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Program]:
    """The program in a folder in which a network of four validators runs."""
    program = Program(tmp_path_factory.mktemp("network"))
    began_s = time.monotonic()
    try:
        started = program.run("up", "--engine", engine, "--detach")
        assert started.exit_code == 0, started
        if engine != "anvil":
            add_figures(up_s=round(time.monotonic() - began_s, 1))
        yield program
    finally:
        pids = program.read_pids()
        kept = ("--purge",) if request.session.testsfailed == 0 else ()
        stopped = program.run("down", *kept)
    assert stopped.exit_code == 0, stopped
    assert not [name for name, pid in pids.items() if is_alive(pid)]


@pytest.fixture(scope="session")
def network(network_program: Program) -> Path:
    """The folder of a network that runs."""
    return network_program.folder / ".tallystick"


@pytest.fixture(scope="module")
def ground(network: Path) -> Ground:
    """The network, with an organisation of its own to attack."""
    return open_ground(network)


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    """Stand-ins of providers, whose answers say what they used."""
    with run_upstream() as upstream:
        yield upstream


@pytest.fixture
def program(network_program: Program) -> Program:
    """The program beside that folder, run inside the test's process."""
    return replace(network_program, in_process=True)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say at the end, in red, that nothing was tried on a real chain."""
    if NO_PROGRAMS in config.stash:
        terminalreporter.write_sep(
            "!", f"NETWORK TESTS SKIPPED: {config.stash[NO_PROGRAMS]}", red=True
        )
