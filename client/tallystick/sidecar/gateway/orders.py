"""What a gateway's parent tells its workers: everything but secrets, on their standard input."""

from __future__ import annotations

import msgspec

from tallystick.sidecar.gateway.settings import GatewayConfig


class Orders(msgspec.Struct, frozen=True, kw_only=True):
    """One gateway, the same for all its workers."""

    dir: str
    """The network's folder."""
    config: GatewayConfig
    """Complete."""
    host: str
    port: int
    meters: tuple[str, ...]
    """The folders of the workers' meters, by number."""
    event_meter: str
    """The folder of the meter that reported events are recorded with."""
    sockets: str
    """A folder of the gateway's own, in which worker N listens at `N.sock`."""


def encode_orders(orders: Orders) -> bytes:
    """One line."""
    return msgspec.json.encode(orders) + b"\n"


def parse_orders(line: bytes) -> Orders:
    """The orders in a line."""
    return msgspec.json.decode(line, type=Orders)
