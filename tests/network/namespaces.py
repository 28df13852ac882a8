"""Machines that are none: network namespaces joined by a bridge, a chain node in each.

A cable can be pulled (`cut`) and plugged in again (`heal`), and some machines can be set apart
from the rest while they still reach each other (`set_apart`, `rejoin`). Whoever calls sits at the
bridge, with the validators, on the side of the rest.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

import msgspec
import pytest

from tallystick.local.avalanche.nodes import compute_command
from tallystick.local.avalanche.programs import NODE_ENVIRONMENT, AvalanchePrograms
from tallystick.local.folder import ChainNodeEntry, NetworkFile, NetworkFolder
from tallystick.local.processes import ProcessEntry, Processes

PREFIX_BITS: Final = 24
OWN_HOST: Final = 254
IP: Final = shutil.which("ip", path=f"{os.environ.get('PATH', '')}:/sbin:/usr/sbin") or ""


def require_machines() -> None:
    """The test goes on only where namespaces can be made; elsewhere it is skipped and says why."""
    if not IP:
        pytest.skip("NO PARTITIONS TRIED: the program ip (iproute2) is not installed")
    name = f"tally-{secrets.token_hex(3)}"
    made = subprocess.run([IP, "netns", "add", name], capture_output=True, text=True, check=False)
    if made.returncode != 0:
        pytest.skip(f"NO PARTITIONS TRIED: no network namespaces here: {made.stderr.strip()}")
    _ip("netns", "delete", name)


class Machines:
    """So many machines on one network of their own; nothing of them is left when it is closed.

    Args:
        count: how many.
    """

    def __init__(self, count: int) -> None:
        self._suffix = secrets.token_hex(3)
        self._subnet = f"10.{200 + secrets.randbelow(50)}.{secrets.randbelow(256)}"
        self._names = [f"tally-{self._suffix}-{number}" for number in range(count)]
        self._bridge, self._other_bridge = f"ty{self._suffix}a", f"ty{self._suffix}b"
        try:
            self._make()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def address(self, index: int) -> str:
        """The machine's IP address."""
        return f"{self._subnet}.{index + 1}"

    def command(self, index: int, command: Sequence[str]) -> list[str]:
        """The command line that runs `command` on the machine."""
        return [IP, "netns", "exec", self._names[index], *command]

    def move_in(self, folder: NetworkFolder) -> NetworkFile:
        """The network's chain nodes live on these machines from their next start on.

        Args:
            folder: of a network that is stopped.

        Returns:
            What network.json says now.
        """
        network = folder.read_network()
        assert network is not None
        assert len(network.nodes) == len(self._names), "one machine for each chain node"
        addresses = {node.id: self.address(index) for index, node in enumerate(network.nodes)}
        for node in network.nodes:
            _rewrite_flags(Path(node.flags), addresses[node.id], addresses)
        nodes = [
            msgspec.structs.replace(node, rpc_url=_move(node.rpc_url, addresses[node.id]))
            for node in network.nodes
        ]
        moved = msgspec.structs.replace(
            network, nodes=nodes, rpc_urls=[node.rpc_url for node in nodes]
        )
        folder.write_network(moved)
        return moved

    def start_node(
        self, index: int, processes: Processes, programs: AvalanchePrograms, node: ChainNodeEntry
    ) -> ProcessEntry:
        """The chain node runs on the machine of this index."""
        return processes.start(
            node.name,
            self.command(index, compute_command(programs, node)),
            environment=NODE_ENVIRONMENT,
        )

    def cut(self, index: int) -> None:
        """The machine reaches nobody, and nobody reaches it."""
        _ip("link", "set", self._cable(index), "down")

    def heal(self, index: int) -> None:
        """The machine is back on the network."""
        _ip("link", "set", self._cable(index), "up")

    def set_apart(self, indices: Sequence[int]) -> None:
        """These machines reach each other and nobody else."""
        for index in indices:
            _ip("link", "set", self._cable(index), "master", self._other_bridge)

    def rejoin(self) -> None:
        """Every machine reaches every other."""
        for index in range(len(self._names)):
            _ip("link", "set", self._cable(index), "master", self._bridge)
            self.heal(index)

    def close(self) -> None:
        """Every namespace, cable and bridge is gone; what still ran in one has lost its network."""
        for index, name in enumerate(self._names):
            with suppress(subprocess.CalledProcessError):
                _ip("link", "delete", self._cable(index))
            with suppress(subprocess.CalledProcessError):
                _ip("netns", "delete", name)
        for bridge in (self._bridge, self._other_bridge):
            with suppress(subprocess.CalledProcessError):
                _ip("link", "delete", bridge)

    def _make(self) -> None:
        for bridge in (self._bridge, self._other_bridge):
            _ip("link", "add", bridge, "type", "bridge")
            _ip("link", "set", bridge, "up")
        _ip("address", "add", f"{self._subnet}.{OWN_HOST}/{PREFIX_BITS}", "dev", self._bridge)
        for index, name in enumerate(self._names):
            self._make_machine(index, name)

    def _make_machine(self, index: int, name: str) -> None:
        cable = self._cable(index)
        _ip("netns", "add", name)
        _ip("link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", name)
        _ip("link", "set", cable, "master", self._bridge)
        _ip("link", "set", cable, "up")
        inside = ("-n", name)
        _ip(*inside, "address", "add", f"{self.address(index)}/{PREFIX_BITS}", "dev", "eth0")
        _ip(*inside, "link", "set", "eth0", "up")
        _ip(*inside, "link", "set", "lo", "up")

    def _cable(self, index: int) -> str:
        """The bridge's end of the machine's cable; a name has 15 characters at most."""
        return f"ty{self._suffix}c{index}"


def _rewrite_flags(path: Path, own: str, addresses: dict[str, str]) -> None:
    flags: dict[str, str] = json.loads(path.read_bytes())
    ids = flags["bootstrap-ids"].split(",")
    ports = [place.rpartition(":")[2] for place in flags["bootstrap-ips"].split(",")]
    places = [f"{addresses[each]}:{port}" for each, port in zip(ids, ports, strict=True)]
    flags |= {
        "public-ip": own,
        "http-host": own,
        "staking-host": own,
        "bootstrap-ips": ",".join(places),
    }
    path.write_text(json.dumps(flags, indent=2))


def _move(url: str, host: str) -> str:
    return urlsplit(url)._replace(netloc=f"{host}:{urlsplit(url).port}").geturl()


def _ip(*arguments: str) -> None:
    subprocess.run([IP, *arguments], check=True, capture_output=True)
