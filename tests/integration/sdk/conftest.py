"""One running network, one mock of every provider, and a meter of a process's own for each test."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.upstream.server import Upstream, run_upstream

import tallystick
from tallystick.core.usage import TOKEN_FIELDS, Records

PROJECT = "acme/ml/app"


@dataclass
class Reader:
    """What a meter recorded since the test began."""

    meter: tallystick.Meter
    first_seq: int

    def read(self) -> Records:
        """The records, once the log has reached the journal."""
        self.meter.wait_recorded()
        opened = self.meter.parts.opened
        return opened.meter.journal.read(self.first_seq, opened.next_seq)

    def read_tokens(self) -> list[tuple[int, ...]]:
        """The five token fields of every record."""
        return [tuple(int(record[name]) for name in TOKEN_FIELDS) for record in self.read()]


@pytest.fixture(scope="session")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a network with a project that has credits."""
    folder = tmp_path_factory.mktemp("sdk") / ".tallystick"
    try:
        with tallystick.Client.up(folder) as client:
            client.create_account(PROJECT)
            client.grant(PROJECT, 10**12)
        yield folder
    finally:
        tallystick.Client.down(folder, purge=True)


@pytest.fixture(scope="session")
def open_meter(network: Path) -> Iterator[tallystick.Meter]:
    """A meter of this process."""
    with tallystick.Meter.open(network, account="acme", project=PROJECT) as meter:
        yield meter


@pytest.fixture
def reader(open_meter: tallystick.Meter) -> Reader:
    """Reads what the test itself records."""
    return Reader(open_meter, open_meter.parts.recorder.next_seq)


@pytest.fixture(scope="session")
def running_upstream() -> Iterator[Upstream]:
    """Every provider's API."""
    with run_upstream() as server:
        yield server


@pytest.fixture
def upstream(running_upstream: Upstream) -> Upstream:
    """As new."""
    running_upstream.reset()
    return running_upstream
