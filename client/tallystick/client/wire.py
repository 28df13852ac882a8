"""What the client's parts share: endpoints of the chain, the network, the folder's keys."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from tallystick.chain.bindings.budgets import Budgets
from tallystick.chain.bindings.cursors import Cursors
from tallystick.chain.bindings.registry import Registry
from tallystick.chain.bindings.tariff import Tariff
from tallystick.chain.bindings.validators import Validators
from tallystick.chain.calls import View, Write
from tallystick.chain.discovery import discover_network
from tallystick.chain.network import Network
from tallystick.chain.reader import read_view, read_views
from tallystick.chain.rpc import Rpc
from tallystick.client.background import BackgroundLoop
from tallystick.client.errors import FolderRequired
from tallystick.local.errors import NotRunning
from tallystick.local.folder import NetworkFolder, read_identity
from tallystick.local.transactions import TransactionJournal

if TYPE_CHECKING:
    from tallystick.chain.transact import TransactionSender

T = TypeVar("T")
VIEWS_PER_READ: Final = 90


class Wire:
    """One network, reachable.

    Args:
        rpc: endpoints of its chain.
        network: what identifies it.
        urls: the endpoints, for programs that bring their own connection.
        folder: where its keys and meters lie; None for a reader without one.
    """

    def __init__(
        self,
        rpc: Rpc,
        loop: BackgroundLoop,
        network: Network,
        urls: Sequence[str],
        folder: NetworkFolder | None,
    ) -> None:
        self.rpc = rpc
        self.loop = loop
        self.network = network
        self.urls = tuple(urls)
        addresses = network.addresses
        self.registry = Registry(addresses.registry)
        self.budgets = Budgets(addresses.budgets)
        self.tariff = Tariff(addresses.tariff)
        self.cursors = Cursors(addresses.cursors)
        self.validators = Validators(addresses.validators)
        self.writes = 0
        """How many transactions this client has sent."""
        self._folder = folder
        self._senders: dict[str, TransactionSender] = {}

    @property
    def has_folder(self) -> bool:
        """Whether keys and meters are at hand."""
        return self._folder is not None

    @property
    def folder(self) -> NetworkFolder:
        """The network's folder.

        Raises:
            FolderRequired: this client reads a network without one.
        """
        if self._folder is None:
            raise FolderRequired(
                "this needs the network's folder",
                expected="--dir with a network that was started here",
                actual="--rpc and --ledger",
            )
        return self._folder

    def read(self, view: View[T]) -> T:
        """The view's value at the newest block."""
        return self.loop.run(read_view(self.rpc, view))

    def read_all(self, views: Sequence[View[T]]) -> list[T]:
        """The views' values, in order."""
        values: list[Any] = []
        for start in range(0, len(views), VIEWS_PER_READ):
            _, part = self.loop.run(read_views(self.rpc, views[start : start + VIEWS_PER_READ]))
            values += part
        return values

    def send(self, role: str, write: Write[T]) -> T:
        """The transaction is mined, and its outcome returned.

        Args:
            role: whose key of the folder signs.
            write: what to do.

        Raises:
            FolderRequired: no keys at hand.
            TransactionReverted: the contract refused; the leaf says why.
        """
        with TransactionJournal(self.folder.transactions).locked():
            outcome = self._sender(role).send(write).outcome
        self.writes += 1
        return outcome

    def address_of(self, role: str) -> str:
        """The address that signs for a role, lower case."""
        return self._sender(role).address

    def close(self) -> None:
        """Every connection is closed."""
        self.loop.run(self.rpc.aclose())
        self.loop.close()

    def _sender(self, role: str) -> TransactionSender:
        if role not in self._senders:
            self._senders[role] = create_sender(self.folder, role, self.urls[0])
        return self._senders[role]


def create_sender(folder: NetworkFolder, role: str, url: str) -> TransactionSender:
    """Signs with the folder's key of a role, keeping every transaction before it is sent."""
    # web3 takes a second to import, and most commands only read.
    from tallystick.chain.keys import load_chain_key  # noqa: PLC0415
    from tallystick.chain.reader import connect  # noqa: PLC0415
    from tallystick.chain.transact import TransactionSender  # noqa: PLC0415

    return TransactionSender(
        connect(url),
        load_chain_key(folder.role_key(role)),
        journal=TransactionJournal(folder.transactions),
    )


def open_wire(path: Path) -> Wire:
    """The network whose folder is `path`.

    Raises:
        NotRunning: none was ever started there.
    """
    folder = NetworkFolder(path)
    file = folder.read_network()
    if file is None:
        raise NotRunning(str(path), why="there is no network in this folder")
    return Wire(Rpc(file.rpc_urls), BackgroundLoop(), read_identity(file), file.rpc_urls, folder)


def connect_wire(urls: Sequence[str], ledger: str) -> Wire:
    """The network that the ledger belongs to, found from the chain alone.

    Raises:
        NetworkMismatch: no ledger of ours lies there.
        ChainUnreachable: no endpoint answered.
    """
    loop, rpc = BackgroundLoop(), Rpc(urls)
    try:
        network = loop.run(discover_network(rpc, ledger))
    except BaseException:
        loop.run(rpc.aclose())
        loop.close()
        raise
    return Wire(rpc, loop, network, urls, None)
