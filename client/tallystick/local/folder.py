"""The network's folder: which file lies where, and what identifies the network."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from tallystick.chain.network import Addresses, Network
from tallystick.local.errors import FolderMalformed, NetworkBusy
from tallystick.local.files import make_private_folder, read_document, write_document

FORMAT: Final = 3
"""Of network.json and of the contracts behind it."""
READABLE_FORMATS: Final = (2, FORMAT)
"""Format 2 lacks what has a default here: it knew no other network than one on anvil."""
LOCAL_CONFIG: Final = "local"


class ValidatorEntry(msgspec.Struct, frozen=True):
    """A validator of the network, as the folder knows it."""

    name: str
    index: int
    url: str


class ChainEntry(msgspec.Struct, frozen=True):
    """What the local chain is started with; the same values make the same genesis block."""

    port: int
    chain_id: int
    genesis_time_s: int


class ChainNodeEntry(msgspec.Struct, frozen=True):
    """A node of the chain that runs on this machine."""

    name: str
    """chain-1, chain-2, ..."""
    id: str
    """As the engine names it."""
    rpc_url: str
    flags: str
    """The file that it is started with."""


class NetworkFile(msgspec.Struct, frozen=True, kw_only=True):
    """network.json: written once everything is deployed, and only then.

    A member's copy of a network whose chain runs elsewhere has neither `chain` nor `nodes`;
    `rpc_urls` is what everybody speaks to.
    """

    format: int
    engine: str
    chain_id: int
    rpc_urls: list[str]
    ledger: str
    addresses: dict[str, str]
    network_id: str
    genesis_hash: str
    validators: list[ValidatorEntry]
    created_at_ms: int
    config: str = LOCAL_CONFIG
    """Name of the folder in chain-config that it was founded with."""
    gas_price_wei: int = 0
    """Named in every transaction."""
    chain: ChainEntry | None = None
    """On anvil only."""
    nodes: list[ChainNodeEntry] = []
    """Of the chain, where they run on this machine; empty on anvil."""


@dataclass(frozen=True)
class NetworkFolder:
    """Paths inside one network's folder; nothing is created by asking."""

    root: Path

    @property
    def network_file(self) -> Path:
        """What identifies the network."""
        return self.root / "network.json"

    @property
    def keys(self) -> Path:
        """Private keys, one file each."""
        return self.root / "keys"

    def role_key(self, role: str) -> Path:
        """The key of a role, see `roles`."""
        return self.keys / f"{role}.key"

    def validator_keys(self, validator: str) -> Path:
        """The keys of a validator."""
        return self.keys / f"{validator}.json"

    @property
    def chain(self) -> Path:
        """The chain's log of blocks and the journal of transactions sent from here."""
        return self.root / "chain"

    @property
    def chain_log(self) -> Path:
        """Every block, for replaying after a restart."""
        return self.chain / "blocks.log"

    @property
    def transactions(self) -> Path:
        """Raw transactions of this folder's keys, written before they are sent."""
        return self.chain / "admin-transactions.log"

    @property
    def logs(self) -> Path:
        """What each process printed."""
        return self.root / "logs"

    @property
    def run(self) -> Path:
        """Which processes run."""
        return self.root / "run"

    @property
    def names_file(self) -> Path:
        """Who is behind a pseudonym; never leaves this folder."""
        return self.root / "names.json"

    @property
    def clock_file(self) -> Path:
        """How many seconds the network is ahead of the wall clock; missing where it is not."""
        return self.root / "clock"

    @property
    def commitments_file(self) -> Path:
        """Texts whose salted hashes are on chain; never leaves this folder."""
        return self.root / "commitments.json"

    @property
    def tokens_file(self) -> Path:
        """Bearer tokens of validators that listen beyond their machine, by name; mode 0600."""
        return self.root / "tokens.json"

    @property
    def imports(self) -> Path:
        """How far each replayed file has come."""
        return self.root / "imports"

    def node(self, validator: str) -> Path:
        """Everything of one validator."""
        return self.root / "nodes" / validator

    def meter(self, name: str) -> Path:
        """Everything of one meter: its key, journal and spool."""
        return self.root / "meters" / name

    @property
    def gateway(self) -> Path:
        """Keys of applications that call models through a gateway."""
        return self.root / "gateway"

    def parts(self) -> list[Path]:
        """Everything that a network puts into its folder."""
        names = ("keys", "chain", "logs", "run", "imports", "nodes", "meters", "gateway")
        folders = [self.root / name for name in names]
        guarded = ("names", "meters", "clock", "commitments")
        locks = [self.root / "lock", *(self.root / f"{name}.lock" for name in guarded)]
        files = [self.names_file, self.clock_file, self.commitments_file, self.tokens_file]
        return [*folders, *locks, *files, self.network_file]

    def log(self, process: str) -> Path:
        """One process's log."""
        return self.logs / f"{process}.log"

    def create(self) -> None:
        """The folder and its private parts exist."""
        for path in (self.root, self.keys, self.chain, self.logs, self.run, self.imports):
            make_private_folder(path)

    def read_network(self) -> NetworkFile | None:
        """The network that lives here, None where none was ever completed.

        Raises:
            FolderMalformed: another version of this program made it.
        """
        network = read_document(self.network_file, NetworkFile)
        if network is None:
            return None
        if network.format not in READABLE_FORMATS:
            raise FolderMalformed(
                "the network was made by another version: start a new one with `down --purge`",
                expected=f"format {' or '.join(map(str, READABLE_FORMATS))}",
                actual=network.format,
            )
        return msgspec.structs.replace(network, format=FORMAT)

    def write_network(self, network: NetworkFile) -> None:
        """The network is complete: from now on `up` revives it."""
        write_document(self.network_file, network)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Only this process starts or stops the network inside the block.

        Raises:
            NetworkBusy: another one does.
        """
        make_private_folder(self.root)
        with (self.root / "lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise NetworkBusy(
                    "another command starts or stops this network", actual=str(self.root)
                ) from error
            yield


def read_identity(file: NetworkFile) -> Network:
    """What identifies the network of a folder."""
    return Network(
        chain_id=file.chain_id,
        network_id=bytes.fromhex(file.network_id),
        addresses=Addresses(**file.addresses),
        genesis_hash=file.genesis_hash,
        start_block=0,
    )
