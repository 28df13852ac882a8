"""Which containers a network on one machine has, how they are called and where they answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SUBNET: Final = "10.76.0.0/24"
"""Of the containers; Besu's peers are named by address, so addresses are fixed."""
MAX_VALIDATORS: Final = 32
P2P_PORT: Final = 30_303
RPC_PORT: Final = 8545
METRICS_PORT: Final = 9545
NODE_PORT: Final = 7300
LOOPBACK: Final = "127.0.0.1"
_FIRST_CHAIN_HOST: Final = 10
_FIRST_NODE_HOST: Final = 50


@dataclass(frozen=True, slots=True)
class Pair:
    """One member's two containers: a node of the chain and a validator, counted from 1."""

    number: int

    @property
    def member(self) -> str:
        """The member's name on its card."""
        return f"validator-{self.number}"

    @property
    def chain_name(self) -> str:
        """The container of the chain's node."""
        return f"besu-{self.number}"

    @property
    def chain_address(self) -> str:
        """The IP address of the chain's node."""
        return f"10.76.0.{_FIRST_CHAIN_HOST + self.number}"

    @property
    def chain_node(self) -> str:
        """Where other chain nodes reach it."""
        return f"{self.chain_address}:{P2P_PORT}"

    @property
    def rpc_url(self) -> str:
        """The chain's endpoint, as containers reach it."""
        return f"http://{self.chain_name}:{RPC_PORT}"

    @property
    def published_rpc_port(self) -> int:
        """The chain's endpoint on the machine's loopback interface."""
        return RPC_PORT + self.number - 1

    @property
    def node_name(self) -> str:
        """The container of the validator."""
        return f"node-{self.number}"

    @property
    def node_address(self) -> str:
        """The IP address of the validator."""
        return f"10.76.0.{_FIRST_NODE_HOST + self.number}"

    @property
    def url(self) -> str:
        """Where meters and other validators reach it, inside the container network."""
        return f"http://{self.node_name}:{NODE_PORT}"

    @property
    def published_node_port(self) -> int:
        """The validator on the machine's loopback interface."""
        return NODE_PORT + self.number


@dataclass(frozen=True, slots=True)
class Plan:
    """A network of containers.

    Args:
        validators: how many members, each with a chain node and a validator.
        folder: the bundle, as the compose file names it: from its project's folder, or absolute.
        chain_id: of the chain.
    """

    validators: int
    folder: str
    chain_id: int

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """Every member's containers."""
        return tuple(Pair(number) for number in range(1, self.validators + 1))

    @property
    def explorer_pair(self) -> Pair:
        """Whose chain node the block explorer asks for traces: the last one's."""
        return self.pairs[-1]

    def place(self, *parts: str) -> str:
        """A path in the bundle, as the compose file names it."""
        return "/".join((self.folder, *parts))
