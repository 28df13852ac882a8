"""The engines that can run a network's chain on this machine, by name."""

from __future__ import annotations

from tallystick.local.anvil_engine import AnvilEngine
from tallystick.local.avalanche_engine import AvalancheEngine
from tallystick.local.engine import Engine
from tallystick.local.errors import ChainElsewhere, EngineUnknown
from tallystick.local.folder import NetworkFile


def list_engines() -> list[Engine]:
    """All of them, the usual one first."""
    return [AnvilEngine(), AvalancheEngine()]


def find_engine(name: str) -> Engine:
    """The engine of this name.

    Raises:
        EngineUnknown: no network on one machine runs on it.
    """
    engines = {engine.name: engine for engine in list_engines()}
    if name not in engines:
        raise EngineUnknown(
            "no network on one machine runs on this engine",
            expected=" or ".join(engines),
            actual=name,
        )
    return engines[name]


def is_chain_here(network: NetworkFile) -> bool:
    """Whether processes of the network's chain are this folder's to run."""
    return network.chain is not None or bool(network.nodes)


def require_engine(network: NetworkFile) -> Engine:
    """The engine that runs the network's chain on this machine.

    Raises:
        ChainElsewhere: others run it.
        EngineUnknown: another version founded it.
    """
    if not is_chain_here(network):
        raise ChainElsewhere(
            "the chain of this network runs elsewhere, and its validators are started one by one",
            expected="a network that `up` founded; `tallystick node run` starts a member's node",
            actual=" ".join(network.rpc_urls),
        )
    return find_engine(network.engine)
