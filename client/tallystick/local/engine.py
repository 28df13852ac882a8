"""What founding, `up` and `down` ask of a chain's engine, whichever it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from tallystick.chain.config import Chain
from tallystick.local.folder import ChainEntry, ChainNodeEntry, NetworkFile, NetworkFolder
from tallystick.local.processes import Processes


@dataclass(frozen=True, slots=True)
class ChainPlan:
    """What a new chain is to be like.

    Attributes:
        chain: from the engine's configuration.
        ports: on the loopback interface, as many as the engine counts.
        manager: the address that may let others send, where the engine asks who sends.
        senders: the addresses that may send from the first block on, and can pay for it.
        time_s: of the first block, Unix seconds.
    """

    chain: Chain
    ports: tuple[int, ...]
    manager: str
    senders: tuple[str, ...]
    time_s: int


@dataclass(frozen=True, slots=True)
class FoundedChain:
    """A chain that runs, as the network's file describes it."""

    rpc_urls: list[str]
    chain: ChainEntry | None
    nodes: list[ChainNodeEntry]


class Engine(Protocol):
    """How the chain of a network on this machine is founded and kept running."""

    @property
    def name(self) -> str:
        """As `up --engine` and network.json say it."""

    @property
    def config(self) -> str:
        """Name of the folder in chain-config that new networks are founded with."""

    def find_programs(self) -> str:
        """What the engine runs, in words.

        Raises:
            ProgramMissing: it is not installed; says what installs it.
        """

    def count_ports(self, chain: Chain) -> int:
        """How many ports a new chain takes."""

    def found(self, folder: NetworkFolder, processes: Processes, plan: ChainPlan) -> FoundedChain:
        """A fresh chain runs and answers.

        Raises:
            ProgramMissing, PortInUse: nothing was started.
            StartFailed: it did not start.
        """

    def secure(self, folder: NetworkFolder, chain: FoundedChain) -> None:
        """Everything that the chain holds outlives its processes from now on."""

    def list_processes(self, network: NetworkFile) -> list[str]:
        """Names of the processes that the chain consists of."""

    def list_ports(self, network: NetworkFile) -> Mapping[str, int]:
        """The port that each process wants back when it is started again."""

    def revive(self, folder: NetworkFolder, processes: Processes, network: NetworkFile) -> None:
        """Every process of the chain runs, and it holds again all that it ever held.

        Raises:
            ProgramMissing, PortInUse, StartFailed: one could not be started.
        """
