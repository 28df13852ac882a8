"""One running network for all tests of a file."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests.integration.cli.program import Program, is_alive


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """The program in a folder in which a network of four validators runs."""
    program = Program(tmp_path_factory.mktemp("user"))
    started = program.run("up", "--detach")
    assert started.exit_code == 0, started
    yield replace(program, in_process=True)
    pids = program.read_pids()
    assert program.run("down", "--purge").exit_code == 0
    assert not [name for name, pid in pids.items() if is_alive(pid)]
    assert not (program.folder / ".tallystick").exists()
