"""What every container has in common: no privileges, bounded memory and logs, loopback ports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from tallystick.ceremony.besu.plan import LOOPBACK

Document = dict[str, Any]

OWNER: Final = "${TALLYSTICK_UID:-1000}:${TALLYSTICK_GID:-1000}"
"""Whoever owns the bundle, so that files of mode 0600 are readable and data is theirs."""
SCRATCH: Final = "/tmp:mode=1777,size=64m"  # noqa: S108 - a mount point in a container
_LOGGING: Final[Mapping[str, Any]] = {
    "driver": "json-file",
    "options": {"max-size": "20m", "max-file": "5"},
}


def create_service(
    image: str,
    *,
    memory: str,
    read_only: bool = True,
    restart: str = "unless-stopped",
    **more: Any,  # noqa: ANN401 - what compose calls a service
) -> Document:
    """A container that may do nothing beyond what `more` says.

    Args:
        image: by exact version.
        memory: the most it may take, as compose writes it.
        read_only: whether its own file system cannot be written.
        restart: what happens when it ends.
        more: further keys of the service.
    """
    return {
        "image": image,
        "restart": restart,
        "read_only": read_only,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "mem_limit": memory,
        "pids_limit": 1024,
        "logging": {"driver": _LOGGING["driver"], "options": dict(_LOGGING["options"])},
        **more,
    }


def publish(port: int, published: int) -> str:
    """A port that this machine reaches and no other."""
    return f"{LOOPBACK}:{published}:{port}"


def check_health(test: Sequence[str], *, start_s: int) -> Document:
    """How the engine knows that a container serves.

    Args:
        test: a command that ends with 0.
        start_s: seconds in which a failure does not count.
    """
    return {
        "test": ["CMD", *test],
        "interval": "5s",
        "timeout": "5s",
        "retries": 12,
        "start_period": f"{start_s}s",
    }


def mount(source: str, target: str, *, read_only: bool = True) -> Document:
    """A file or folder of the machine in a container; where it is missing, nothing is made."""
    return {
        "type": "bind",
        "source": source,
        "target": target,
        "read_only": read_only,
        "bind": {"create_host_path": False},
    }
