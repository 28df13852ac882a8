"""The settings that a member's node starts with: no secret in them, only where the secrets are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from msgspec.structs import replace

from tallystick.ceremony.errors import MemberMissing, NetworkExists
from tallystick.ceremony.joining import FIRST_GENERATION, MAX_GENERATION, name_keys
from tallystick.chain.config import load_network_config
from tallystick.local.files import make_private_folder, read_document, write_document
from tallystick.local.folder import NetworkFile, NetworkFolder
from tallystick.local.ports import LOOPBACK

ANYWHERE = "0.0.0.0"  # noqa: S104 - a validator that others reach listens to them
LOOPBACK_NAMES = frozenset({LOOPBACK, "localhost", "::1"})
DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class NodePlace:
    """Where a node runs, as far as it is not said by its URL and its network.

    Args:
        host: the address that it listens on; None = any, or loopback where its URL is.
        port: that it listens on; None = its URL's, as where nothing stands before it.
        rpc_urls: the member's own chain node first; empty = the network's.
        passphrase_file: opens its keystores.
        token_file: holds the bearer token that is asked for where `host` is not loopback.
    """

    host: str | None = None
    port: int | None = None
    rpc_urls: Sequence[str] = field(default_factory=tuple)
    passphrase_file: Path | None = None
    token_file: Path | None = None


def build_settings(
    network: NetworkFile,
    name: str,
    url: str,
    keys: Sequence[Path],
    data_dir: Path,
    place: NodePlace | None = None,
) -> dict[str, Any]:
    """The node's settings document.

    Args:
        network: where it belongs.
        name: the member's.
        url: where the others find it.
        keys: the keys file in use, then the one that a vote is to put in its place.
        data_dir: everything that the node keeps.
        place: where it runs.
    """
    where = place or NodePlace()
    parts = urlsplit(url)
    host = where.host or (LOOPBACK if parts.hostname in LOOPBACK_NAMES else ANYWHERE)
    current, *following = map(str, keys)
    chain = load_network_config(network.config).chain
    settings: dict[str, Any] = {
        "name": name,
        "host": host,
        "port": where.port or parts.port or DEFAULT_PORTS[parts.scheme],
        "rpc_urls": list(where.rpc_urls) or network.rpc_urls,
        "ledger": network.ledger,
        "gas_price_wei": network.gas_price_wei,
        "finality_tag": chain.finality_tag,
        "poll_interval_ms": chain.poll_interval_ms,
        "keys_file": current,
        "data_dir": str(data_dir),
    }
    optional = {
        "next_keys_file": next(iter(following), None),
        "passphrase_file": where.passphrase_file,
        "token_file": where.token_file,
    }
    return settings | {key: str(value) for key, value in optional.items() if value is not None}


def write_member_settings(root: Path, name: str, url: str, place: NodePlace) -> Path:
    """The member's folder holds the settings that its node starts with; gives their path.

    Args:
        root: the member's folder, with its keys and the network's file.
        name: the member's.
        url: where the others find it.
        place: where it runs.

    Raises:
        MemberMissing: the folder holds no keys of this member, or no network.
    """
    folder = NetworkFolder(root.resolve())
    network = folder.read_network()
    if network is None:
        raise MemberMissing(
            "the folder does not know the network yet",
            expected="a copy of its network.json (--network)",
            actual=str(root),
        )
    keys = find_keys_files(folder, name)
    home = make_private_folder(folder.node(name))
    path = home / "settings.json"
    write_document(path, build_settings(network, name, url, keys, home, place))
    return path


def adopt_network(root: Path, copy: Path, rpc_urls: Sequence[str]) -> NetworkFile:
    """The folder knows the network that a copy of its network.json describes.

    Args:
        root: the member's folder.
        copy: from whoever founded the network.
        rpc_urls: of the member's own chain nodes; empty = those in the copy.

    Raises:
        NetworkExists: the folder knows another one.
        FolderMalformed: the copy is none.
    """
    given = read_document(copy, NetworkFile)
    if given is None:
        raise MemberMissing("there is no such file", expected="network.json", actual=str(copy))
    folder = NetworkFolder(root)
    known = folder.read_network()
    if known is not None and (known.network_id, known.ledger) != (given.network_id, given.ledger):
        raise NetworkExists(
            "the folder belongs to another network", expected=known.ledger, actual=given.ledger
        )
    urls = list(rpc_urls) or given.rpc_urls
    network = replace(given, rpc_urls=urls, chain=None, nodes=[])
    folder.create()
    folder.write_network(network)
    return network


def find_keys_files(folder: NetworkFolder, name: str) -> list[Path]:
    """The member's last two generations of keys, or its only one.

    Raises:
        MemberMissing: there is none.
    """
    found: list[Path] = []
    for generation in range(FIRST_GENERATION, MAX_GENERATION + 1):
        path = folder.validator_keys(name_keys(name, generation))
        if not path.exists():
            break
        found.append(path)
    if not found:
        raise MemberMissing(
            "the folder holds no keys of this member", expected="`network join` first", actual=name
        )
    return found[-2:]
