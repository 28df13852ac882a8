"""The processes of a running network, by name: killed, held still, brought back as a user would."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from unittest.mock import patch

from tests.integration.cli.program import Program

from tallystick.local.folder import NetworkFile, NetworkFolder
from tallystick.local.names import ANVIL, RECORDER
from tallystick.local.processes import (
    ProcessEntry,
    Processes,
    send_signal,
    wait_until_ended,
)

END_S: Final = 10.0
DRAIN_S: Final = 20.0


@dataclass(frozen=True)
class Parts:
    """A network's processes.

    Args:
        path: the network's folder.
    """

    path: Path

    @property
    def folder(self) -> NetworkFolder:
        """Where everything of the network lies."""
        return NetworkFolder(self.path)

    @property
    def network(self) -> NetworkFile:
        """What identifies the network."""
        found = self.folder.read_network()
        assert found is not None, f"no network in {self.path}"
        return found

    @property
    def engine(self) -> str:
        """What the chain runs on."""
        return self.network.engine

    def validators(self) -> list[str]:
        """Names of the validators, by index."""
        return [validator.name for validator in self.network.validators]

    def chain_nodes(self) -> list[str]:
        """Names of the processes that make up the chain."""
        nodes = [node.name for node in getattr(self.network, "nodes", [])]
        return nodes or [ANVIL]

    def find(self, name: str) -> ProcessEntry:
        """A process that runs."""
        found = self._processes.find(name)
        assert found is not None, f"{name} does not run"
        return found

    def missing(self) -> list[str]:
        """Those that should run and do not."""
        wanted = [*self.chain_nodes(), *self.validators()]
        if self.engine == ANVIL:
            wanted.append(RECORDER)
        return [name for name in wanted if self._processes.find(name) is None]

    def kill(self, *names: str) -> None:
        """The processes died without a word, all at one moment."""
        entries = [self.find(name) for name in names]
        for entry in entries:
            send_signal(entry, signal.SIGKILL)
        assert wait_until_ended(entries, END_S), f"{names} survived"

    def stop(self, *names: str) -> None:
        """The processes were told to end and have ended."""
        self._processes.stop([self.find(name) for name in names], patience_s=DRAIN_S)

    @contextmanager
    def held_still(self, *names: str) -> Iterator[None]:
        """The processes answer nothing inside the block, and nobody is told."""
        entries: Sequence[ProcessEntry] = [self.find(name) for name in names]
        for entry in entries:
            send_signal(entry, signal.SIGSTOP)
        try:
            yield
        finally:
            for entry in entries:
                send_signal(entry, signal.SIGCONT)

    def revive(self, **environment: str) -> None:
        """Everything runs again, by the command that a user would give.

        Args:
            environment: what processes that start now find in theirs, by name.
        """
        if not self.missing():
            return
        with patch.dict(os.environ, environment):
            answer = Program(self.path.parent).run("--dir", str(self.path), "up", "--detach")
        assert answer.exit_code == 0, answer

    @property
    def _processes(self) -> Processes:
        return Processes(self.folder.run, self.folder.logs)
