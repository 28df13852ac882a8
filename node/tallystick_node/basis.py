"""What every stage of a validator stands on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from tallystick.chain.key_sources import NodeKeys
from tallystick.chain.network import Network
from tallystick.chain.rpc import Rpc
from tallystick_node.chain_view import ChainView
from tallystick_node.clock import Clock, create_clock
from tallystick_node.following import read_header
from tallystick_node.membership import MembershipReader
from tallystick_node.metrics import NodeMetrics
from tallystick_node.settings import NodeSettings


@dataclass(frozen=True, slots=True)
class Basis:
    """Settings, keys, the chain, and this node's view of it."""

    settings: NodeSettings
    keys: NodeKeys
    network: Network
    rpc: Rpc
    clock: Clock
    metrics: NodeMetrics
    view: ChainView
    members: MembershipReader

    @property
    def ledger(self) -> bytes:
        """The ledger's address, 20 bytes."""
        return bytes.fromhex(self.network.addresses.ledger.removeprefix("0x"))


def create_basis(settings: NodeSettings, keys: NodeKeys, network: Network, rpc: Rpc) -> Basis:
    """A basis whose view knows nothing yet.

    Args:
        settings: complete.
        keys: the validator's.
        network: found on chain.
        rpc: bound to the network's chain.
    """
    clock = create_clock(settings.clock_file)
    view = ChainView(clock, partial(read_header, rpc, clock=clock))
    members = MembershipReader(view, keys.attester)
    return Basis(settings, keys, network, rpc, clock, NodeMetrics(), view, members)
