"""Ports on the loopback interface."""

from __future__ import annotations

import random
import socket
from itertools import islice
from typing import Final

from tallystick.local.errors import PortInUse

LOOPBACK: Final = "127.0.0.1"
FREE_PORTS: Final = range(16_384, 32_768)


def format_url(port: int) -> str:
    """Where a service on this machine answers."""
    return f"http://{LOOPBACK}:{port}"


def find_free_ports(count: int) -> list[int]:
    """`count` different ports that nobody uses just now.

    They lie below those that a system gives to outgoing connections: a chain takes seconds from
    being told its ports to listening on them, and keeps them over restarts.
    """
    candidates = random.SystemRandom().sample(FREE_PORTS, len(FREE_PORTS))
    free = islice(filter(_is_free, candidates), count)
    return list(free)


def _is_free(port: int) -> bool:
    with socket.socket() as listener:
        try:
            listener.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def check_port_free(port: int, purpose: str) -> None:
    """Nobody listens on the port.

    Args:
        port: on the loopback interface.
        purpose: what it is wanted for, for the message.

    Raises:
        PortInUse: somebody does.
    """
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((LOOPBACK, port))
        except OSError as error:
            raise PortInUse(port, purpose) from error
