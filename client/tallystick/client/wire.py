"""What the client's parts share: endpoints of the chain, the network, the folder's keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from tallystick.chain.bindings.authority import LEDGER, Authority
from tallystick.chain.bindings.budgets import Budgets
from tallystick.chain.bindings.credits import Credits
from tallystick.chain.bindings.cursors import Cursors
from tallystick.chain.bindings.registry import Registry
from tallystick.chain.bindings.tariff import Tariff
from tallystick.chain.bindings.validators import Validators
from tallystick.chain.calls import View, Write
from tallystick.chain.config import load_network_config
from tallystick.chain.discovery import discover_network
from tallystick.chain.network import Network
from tallystick.chain.reader import read_view, read_views_now
from tallystick.chain.rpc import Rpc
from tallystick.client.background import BackgroundLoop
from tallystick.client.errors import FolderRequired
from tallystick.client.permits import asks_who_sends, permit_sender
from tallystick.core.errors import TallystickError
from tallystick.local.clock import NetworkClock
from tallystick.local.errors import NotRunning
from tallystick.local.folder import NetworkFile, NetworkFolder, read_identity
from tallystick.local.roles import CHAIN_MANAGER
from tallystick.local.transactions import TransactionJournal

if TYPE_CHECKING:
    from coincurve import PrivateKey

    from tallystick.chain.transact import TransactionSender
    from tallystick.client.keys import KeyRing

T = TypeVar("T")
VIEWS_PER_READ: Final = 90


class Wire:
    """One network, reachable.

    Args:
        rpc: endpoints of its chain.
        network: what identifies it.
        urls: the endpoints, for programs that bring their own connection.
        folder: where its keys and meters lie; None for a reader without one.
        signer: the key of the folder that signs, whatever a write would choose by itself.
        before_writing: called when a transaction is known to succeed and before it is sent; what
            it raises stops the write.
        ask_passphrase: of keys that are encrypted; asked at most once.
    """

    def __init__(  # noqa: PLR0913 - the network, and all that a write may need
        self,
        rpc: Rpc,
        loop: BackgroundLoop,
        network: Network,
        urls: Sequence[str],
        folder: NetworkFolder | None,
        *,
        signer: str | None = None,
        before_writing: Callable[[], None] | None = None,
        ask_passphrase: Callable[[], str] | None = None,
    ) -> None:
        self.rpc = rpc
        self.loop = loop
        self.network = network
        self.urls = tuple(urls)
        addresses = network.addresses
        self.registry = Registry(addresses.registry)
        self.budgets = Budgets(addresses.budgets)
        self.tariff = Tariff(addresses.tariff)
        self.credits = Credits(addresses.credits)
        self.cursors = Cursors(addresses.cursors)
        self.validators = Validators(addresses.validators)
        self.writes = 0
        """How many transactions this client has sent."""
        self.clock = NetworkClock(None if folder is None else folder.clock_file)
        """Unix ms on this network."""
        self._folder = folder
        self._signer = signer
        self._before_writing = before_writing
        self._ask_passphrase = None if ask_passphrase is None else cache(ask_passphrase)
        self._senders: dict[str, TransactionSender] = {}
        self._permitted: set[str] = set()

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
        """The view's value now: in the block to come."""
        return self.read_all([view])[0]

    def read_all(self, views: Sequence[View[T]]) -> list[T]:
        """The views' values, in order."""
        values: list[Any] = []
        for start in range(0, len(views), VIEWS_PER_READ):
            part = views[start : start + VIEWS_PER_READ]
            values += self.loop.run(read_views_now(self.rpc, part))
        return values

    def send(self, role: str, write: Write[T]) -> T:
        """The transaction is mined, and its outcome returned.

        Args:
            role: whose key of the folder signs, unless the caller named another one.
            write: what to do.

        Raises:
            FolderRequired: no keys at hand.
            KeyUnknown: the folder holds no key of this name.
            TransactionReverted: the contract refused; the leaf says why.
        """
        sender = self._sender(self.choose_signer(role))
        if self._before_writing is not None:
            sender.simulate(write)
            self.agree()
        with TransactionJournal(self.folder.transactions).locked():
            self._permit(sender.address)
            outcome = sender.send(write).outcome
        self.writes += 1
        return outcome

    def agree(self) -> None:
        """Whoever wants to stop a write could do so; called by itself where others send it."""
        if self._before_writing is not None:
            self._before_writing()

    @property
    def signer(self) -> str | None:
        """The key that the caller named to sign, None where each write chooses its own."""
        return self._signer

    def choose_signer(self, role: str) -> str:
        """The key that signs what `role` would sign by itself."""
        return self._signer or role

    def send_as(self, address: str, write: Write[T]) -> T:
        """The transaction is mined, signed by the folder's key for an address; see `send`.

        Raises:
            KeyMissing: the folder holds no key for it, and the caller named no other one.
        """
        return self.send(self._signer or self.keys.find(address), write)

    def address(self, contract: str) -> str:
        """Where a contract of the network lies."""
        return self.network.addresses.by_contract()[contract]

    def address_of(self, role: str) -> str:
        """The address that signs for a role, lower case."""
        return self.keys.address_of(self.choose_signer(role))

    @cached_property
    def keys(self) -> KeyRing:
        """The folder's keys.

        Raises:
            FolderRequired: no keys at hand.
        """
        # Reading keys takes a library that takes a second to import.
        from tallystick.client.keys import KeyRing  # noqa: PLC0415

        return KeyRing(self.folder, self._ask_passphrase)

    def close(self) -> None:
        """Every connection is closed."""
        self.loop.run(self.rpc.aclose())
        self.loop.close()

    def _sender(self, role: str) -> TransactionSender:
        if role not in self._senders:
            key = self.keys.load(role)
            self._senders[role] = create_sender(self.folder, key, self._require_file())
        return self._senders[role]

    def _permit(self, address: str) -> None:
        """The chain takes transactions of the address; those of one that sent before, it does."""
        file = self._require_file()
        if address in self._permitted or not asks_who_sends(file):
            return
        from tallystick.chain.reader import connect  # noqa: PLC0415 - see create_sender

        permit_sender(connect(*self.urls), address, self._open_manager)
        self._permitted.add(address)

    def _open_manager(self) -> TransactionSender | None:
        has_key = self.folder.role_key(CHAIN_MANAGER).exists()
        return self._sender(CHAIN_MANAGER) if has_key else None

    @cached_property
    def poll_s(self) -> float:
        """Seconds between two looks for a new block: as often as the chain's are worth it."""
        return load_network_config(self._require_file().config).chain.poll_interval_ms / 1_000

    def _require_file(self) -> NetworkFile:
        file = self.folder.read_network()
        if file is None:
            raise NotRunning(str(self.folder.root), why="there is no network in this folder")
        return file


def create_sender(
    folder: NetworkFolder, key: PrivateKey, network: NetworkFile
) -> TransactionSender:
    """Signs with a key of the folder, keeping every transaction before it is sent."""
    # web3 takes a second to import, and most commands only read.
    from eth_account import Account  # noqa: PLC0415

    from tallystick.chain.reader import connect  # noqa: PLC0415
    from tallystick.chain.transact import TransactionSender  # noqa: PLC0415

    return TransactionSender(
        connect(*network.rpc_urls),
        Account.from_key(key.secret),
        journal=TransactionJournal(folder.transactions),
        gas_price_wei=network.gas_price_wei,
    )


def open_wire(
    path: Path,
    *,
    signer: str | None = None,
    before_writing: Callable[[], None] | None = None,
    ask_passphrase: Callable[[], str] | None = None,
) -> Wire:
    """The network whose folder is `path`; see `Wire`.

    Raises:
        NotRunning: none was ever started there.
    """
    folder = NetworkFolder(path)
    file = folder.read_network()
    if file is None:
        raise NotRunning(str(path), why="there is no network in this folder")
    loop, rpc = BackgroundLoop(), Rpc(file.rpc_urls)
    return Wire(
        rpc,
        loop,
        loop.run(_read_identity_now(rpc, read_identity(file))),
        file.rpc_urls,
        folder,
        signer=signer,
        before_writing=before_writing,
        ask_passphrase=ask_passphrase,
    )


async def _read_identity_now(rpc: Rpc, written: Network) -> Network:
    """The network as it is after every vote, as it was written where the chain does not answer."""
    ledger = written.addresses.ledger
    in_force = Authority(written.addresses.authority).has_role(LEDGER, ledger)
    with suppress(TallystickError):
        if not await read_view(rpc, in_force):
            return await discover_network(rpc, ledger)
    return written


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
