"""One port for all workers of a gateway: the kernel spreads connections over their sockets."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tallystick.local.errors import PortInUse
from tallystick.sidecar.errors import ConfigInvalid

BACKLOG: Final = 1_024


@contextmanager
def reserve_port(host: str, port: int) -> Iterator[int]:
    """The port is this gateway's inside the block; gives it, also where any free one would do.

    Raises:
        PortInUse: another program listens there, or another gateway.
        ConfigInvalid: the host is none of this machine's.
    """
    # Sockets that share a port would share it with another gateway of this user too: that nobody
    # listens is found out without sharing first.
    if port:
        bind(host, port, shares=False).close()
    reserved = bind(host, port, shares=True)
    try:
        yield int(reserved.getsockname()[1])
    finally:
        reserved.close()


def bind(host: str, port: int, *, shares: bool) -> socket.socket:
    """A socket bound to an address, not listening yet.

    Args:
        host: a name or address of this machine.
        port: 0 = any free one.
        shares: whether other sockets of this user may be bound to it as well.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror as error:
        raise ConfigInvalid(
            "this is no address to listen on", expected="such as 127.0.0.1:4000", actual=host
        ) from error
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shares:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        bound.bind(address)
        if not shares:
            bound.listen()
    except OSError as error:
        bound.close()
        raise PortInUse(port, f"the gateway at {host}") from error
    return bound
