"""Ports on the loopback interface."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from typing import Final

from tallystick.local.errors import PortInUse

LOOPBACK: Final = "127.0.0.1"


def format_url(port: int) -> str:
    """Where a service on this machine answers."""
    return f"http://{LOOPBACK}:{port}"


def find_free_ports(count: int) -> list[int]:
    """`count` different ports that nobody listens on just now."""
    with ExitStack() as stack:
        listeners = [stack.enter_context(socket.socket()) for _ in range(count)]
        for listener in listeners:
            listener.bind((LOOPBACK, 0))
        return [listener.getsockname()[1] for listener in listeners]


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
