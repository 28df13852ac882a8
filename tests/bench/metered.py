"""The gateway as people run it: a network on this machine, an account with credits, one worker."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.bench.processes import (
    Used,
    held_still,
    list_children,
    read_used,
    run_program,
    wait_until,
)
from tests.integration.cli.program import Program

MODEL: Final = "gpt-4o"
ACCOUNT: Final = "acme"
PROJECT: Final = "acme/bench/app"
CREDITS: Final = "100000000"
MEMORY: Final = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it
TOKEN_FIELDS: Final = ("in_fresh", "in_cached", "in_written", "out_visible", "out_reasoning")


@dataclass(frozen=True, slots=True)
class Accounted:
    """What one side has in its books."""

    calls: int
    tokens: int


@dataclass(frozen=True, slots=True)
class Metered:
    """A gateway that takes calls, and its network."""

    url: str
    key: str
    program: Program
    parent: int

    def read_gateway(self) -> Used:
        """Of its one worker."""
        return read_used(list_children(self.parent))

    @contextmanager
    def network_held(self) -> Iterator[None]:
        """The chain and the validators stand still inside the block.

        A gateway runs beside applications, not beside validators; here both share a few cores.
        """
        with held_still(list(self.program.read_pids().values())):
            yield

    def read_accounted(self) -> Accounted:
        """Records that are final on the chain, and their tokens."""
        return _add_up(self.program.ask("usage", "--under", PROJECT))


@contextmanager
def run_metered(folder: Path, mock: str, *, validators: int) -> Iterator[Metered]:
    """A gateway in front of the mock runs inside the block, its network on this machine.

    The network's files lie in memory where there is a place for that, as its syncs would be timed
    as the gateway's; the gateway's own lie on the disk.

    Args:
        folder: empty.
        mock: URL of the upstream.
        validators: of the network.
    """
    with _run_network(folder, validators) as program:
        program.ask("account", "create", PROJECT)
        program.ask("grant", PROJECT, CREDITS)
        key = program.ask("gateway", "key", "create", "bench", "--project", PROJECT)["secret"]
        log = folder / "gateway.log"
        words = [
            *(sys.executable, "-m", "tallystick.cli.main", "gateway", "--port", "0", "--json"),
            *("--upstream", f"openai={mock}", "--model", f"{MODEL}=openai"),
        ]
        environment = {"OPENAI_API_KEY": "sk-upstream"}
        where = program.folder
        with run_program(words, log, folder=where, environment=environment) as process:
            wait_until(process, log, lambda: b'"url":"http' in log.read_bytes())
            yield Metered(_find_url(log), key, program, process.pid)


@contextmanager
def _run_network(folder: Path, validators: int) -> Iterator[Program]:
    """A network whose files lie in memory, but for those of its meters."""
    memory = MEMORY if MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="tallystick-bench-", dir=memory) as place:
        program = Program(Path(place))
        meters = program.folder / ".tallystick" / "meters"
        started = program.run("up", "--detach", "--validators", str(validators))
        assert started.exit_code == 0, started
        try:
            (folder / "meters").mkdir()
            meters.symlink_to(folder / "meters")
            yield program
        finally:
            meters.unlink(missing_ok=True)
            program.run("down", "--purge")


def _find_url(log: Path) -> str:
    lines = (line for line in log.read_text().splitlines() if line.startswith("{"))
    documents = (json.loads(line) for line in lines)
    return str(next(each["url"] for each in documents if each.get("url")))


def _add_up(rows: Sequence[Mapping[str, int]]) -> Accounted:
    return Accounted(
        sum(row["records"] for row in rows),
        sum(row[name] for row in rows for name in TOKEN_FIELDS),
    )
