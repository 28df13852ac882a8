"""Members of a network in folders of their own, each with the program alone, on a test's chain."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
from tests.integration.cli.program import Answer, Program
from tests.integration.node.nodes import wait_until as wait_until_true
from tests.integration.voting import read_time_s, wait_until

from tallystick.chain.bindings.governor import Governor
from tallystick.chain.reader import ask, connect, expect, read
from tallystick.client import Client
from tallystick.local.files import write_atomically
from tallystick.local.ports import find_free_ports

PASSPHRASE: Final = "correct horse battery staple"
STOP_S: Final = 60.0
ROUNDED_S: Final = 2
AGAIN_S: Final = 5
"""Clocks are ahead of the chain by this much at most, never behind it."""


@dataclass
class Member:
    """One member: its folder, its words to the program, its node."""

    name: str
    root: Path
    url: str
    process: subprocess.Popen[bytes] | None = None

    @property
    def passphrase_file(self) -> Path:
        return self.root.parent / f"{self.name}.pass"

    @property
    def card(self) -> Path:
        return self.root / f"{self.name}.card.json"

    @property
    def log(self) -> Path:
        return self.root / "node.log"

    def run(self, *words: str) -> Answer:
        """The program in the member's folder, which knows its passphrase."""
        os.environ["TALLYSTICK_PASSPHRASE_FILE"] = str(self.passphrase_file)
        try:
            program = Program(self.root.parent, in_process=True)
            return program.run("--dir", str(self.root), *words)
        finally:
            del os.environ["TALLYSTICK_PASSPHRASE_FILE"]

    def ask(self, *words: str) -> Any:  # noqa: ANN401 - JSON
        answer = self.run(*words, "--json")
        assert answer.exit_code == 0, answer
        return answer.document

    def join(self, *words: str) -> Any:  # noqa: ANN401 - JSON
        if not self.passphrase_file.exists():
            self.passphrase_file.write_text(PASSPHRASE)
            self.passphrase_file.chmod(0o600)
        return self.ask("network", "join", self.name, "--url", self.url, *words)

    def start(self) -> None:
        """Its node runs, as a process of its own."""
        settings = self.root / "nodes" / self.name / "settings.json"
        words = ("node", "run", "--settings", str(settings))
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tallystick.cli.main", *words],
                stdout=output,
                stderr=output,
                cwd=self.root,
                env={**os.environ, "TALLYSTICK_NODE_CLOCK_FILE": str(self.root / "clock")},
            )

    def wait_ready(self) -> None:
        wait_until_true(self._is_ready, f"{self.name} is ready", self.log)

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_S)
            self.process.kill()
            self.process.wait()
            self.process = None

    def _is_ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text()[-2_000:]
        try:
            return httpx.get(f"{self.url}/readyz").is_success
        except httpx.TransportError:
            return False


@dataclass
class Consortium:
    """Members, the chain that they share, and what whoever founded gave to all."""

    root: Path
    chain_url: str
    members: dict[str, Member] = field(default_factory=dict)

    @property
    def shared(self) -> Path:
        return self.root / "shared"

    def make_members(self, names: Sequence[str]) -> list[Member]:
        self.root.mkdir(exist_ok=True)
        ports = find_free_ports(len(names))
        for name, port in zip(names, ports, strict=True):
            url = f"http://127.0.0.1:{port}"
            self.members[name] = Member(name, self.root / name, url)
        return [self.members[name] for name in names]

    def move_to(self, time_s: int) -> None:
        """It is that late on the chain, and by the clocks of all who take part."""
        w3 = connect(self.chain_url)
        wait_until(w3, time_s)
        expect(ask(w3, "evm_mine", ()))  # or the newest block may be of some time ago
        lead_s = str(max(0, read_time_s(w3) - int(time.time()) + ROUNDED_S)).encode()
        for folder in (self.shared, *(member.root for member in self.members.values())):
            write_atomically(folder / "clock", lead_s)

    def found(self, cards: Sequence[Path], *words: str) -> Answer:
        given = [word for card in cards for word in ("--card", str(card))]
        return Program(self.root, in_process=True).run(
            *("network", "found", "--config", "local", "--rpc", self.chain_url, *given),
            *("--out", str(self.shared), "--json", *words),
        )

    def carry(self, proposal: int, voters: Sequence[Member]) -> None:
        """Every voter's seat has voted for the proposal, and it was executed."""
        with Client.open(self.shared) as client:
            governor = Governor(client.wire.address("NetworkGovernor"))
            number = int(client.governance.show(str(proposal)).proposal.id, 16)
        w3 = connect(self.chain_url)
        self.move_to(read(w3, governor.snapshot_s(number)) + 1)
        # However long this machine takes to open keys, the vote does not end meanwhile.
        ask(w3, "anvil_setBlockTimestampInterval", (1,))
        for voter in voters:
            voter.ask("gov", "vote", str(proposal), "for")
        ask(w3, "anvil_removeBlockTimestampInterval", ())
        self.move_to(read(w3, governor.deadline_s(number)) + 1)
        with Client.open(self.shared) as client:
            while client.governance.show(str(proposal)).proposal.state == "active":
                self.move_to(read_time_s(w3) + AGAIN_S)  # the chain's next block lags its last one
            client.governance.queue(str(proposal))
            self.move_to(read(w3, governor.executable_at_s(number)) + 1)
            client.governance.execute(str(proposal))


@contextmanager
def gather(root: Path, chain_url: str) -> Iterator[Consortium]:
    """A consortium none of whose nodes outlives the block."""
    consortium = Consortium(root, chain_url)
    try:
        yield consortium
    finally:
        for member in consortium.members.values():
            member.stop()
