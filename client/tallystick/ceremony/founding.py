"""A network is founded from its members' cards, once.

What is decided is written to founding.json before anything is sent, network.json once everything is
deployed and read back. A call that broke off between the two is taken up where it stopped.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from eth_account.signers.local import LocalAccount
from web3 import Web3

from tallystick.ceremony.card_files import keep_cards
from tallystick.ceremony.cards import Card
from tallystick.ceremony.decisions import FORMAT as DECISIONS_FORMAT
from tallystick.ceremony.decisions import Agreement, Decisions, order_members
from tallystick.ceremony.errors import ChainMismatch, FoundingUnfinished, NetworkExists
from tallystick.ceremony.node_settings import build_settings
from tallystick.chain.config import NetworkConfig, load_network_config, load_tariff_config
from tallystick.chain.deploy import deploy_network
from tallystick.chain.errors import ChainUnreachable
from tallystick.chain.keys import create_chain_key, load_chain_key
from tallystick.chain.network import Network
from tallystick.chain.reader import ask_many, connect, expect
from tallystick.chain.transact import TransactionSender
from tallystick.local.files import make_private_folder, read_document, write_document
from tallystick.local.folder import FORMAT, NetworkFile, NetworkFolder, ValidatorEntry
from tallystick.local.roles import GUARDIAN, REGISTRAR
from tallystick.local.secrets import ensure_key
from tallystick.local.transactions import TransactionJournal

DECISIONS_FILE: Final = "founding.json"
DEPLOYER: Final = "deployer"
WAIT_S: Final = 0.5


@dataclass(frozen=True)
class FoundingOrder:
    """What a caller decides about a founding.

    Args:
        cards: of every member.
        rpc_urls: of the chain; the first one is asked, all are written down.
        config: name of the folder in chain-config.
        deployer: pays for the deployment and may do nothing afterwards; None = a key made here.
        registrar: keeps resources and admits organisations; None = a key made here.
        guardian: stops things in an emergency; None = a key made here.
        anew: what was begun and broke off is left where it is, worth nothing.
    """

    cards: Sequence[Card]
    rpc_urls: Sequence[str]
    config: str
    deployer: LocalAccount | None = None
    registrar: str | None = None
    guardian: str | None = None
    anew: bool = False


@dataclass(frozen=True)
class Founded:
    """A network, and whether this call founded it."""

    network: NetworkFile
    decisions: Decisions
    created: bool


@dataclass(frozen=True, slots=True)
class _ChainFacts:
    """Which chain it is, and how far it has come."""

    id: int
    genesis_hash: str
    head: int

    @classmethod
    def of(cls, network: NetworkFile) -> _ChainFacts:
        """The chain of a network that was founded: a repetition need not ask it."""
        return cls(network.chain_id, network.genesis_hash, 0)


def found(root: Path, order: FoundingOrder) -> Founded:
    """The network is deployed, all of it read back, and in its members' hands; once.

    Args:
        root: the folder of what all members get; made where there is none.
        order: what is founded.

    Raises:
        MembersTooFew, CardsDisagree: these members cannot found a network.
        ChainMismatch: the chain is not the one that the configuration describes.
        NetworkExists: the folder holds a network of other members.
        FoundingUnfinished: another founding was begun here.
        DeploymentFailed: what was deployed is not what was decided; begin anew.
    """
    config = load_network_config(order.config)
    members = order_members([card.member for card in order.cards], config)
    folder = NetworkFolder(root)
    with folder.locked():
        make_private_folder(folder.keys)
        make_private_folder(folder.chain)
        known = folder.read_network()
        w3 = connect(order.rpc_urls[0])
        chain = _read_chain(w3, config) if known is None else _ChainFacts.of(known)
        agreement = Agreement(
            config=order.config,
            chain_id=chain.id,
            genesis_hash=chain.genesis_hash,
            registrar=(order.registrar or ensure_key(folder, REGISTRAR)).lower(),
            guardian=(order.guardian or ensure_key(folder, GUARDIAN)).lower(),
            members=members,
        )
        begun = _read_begun(folder, agreement, order)
        if known is not None and begun is not None:
            return Founded(known, begun, created=False)
        key = order.deployer or _ensure_deployer(folder)
        decisions = begun or _decide(agreement, key, w3, chain.head)
        write_document(root / DECISIONS_FILE, decisions)
        network = _deploy(w3, folder, key, decisions, config)
        file = _describe(network, config, order, decisions)
        keep_cards(root, order.cards)
        _write_settings(folder, file, decisions)
        folder.write_network(file)
        if order.deployer is None:
            folder.role_key(DEPLOYER).unlink(missing_ok=True)
    return Founded(file, decisions, created=True)


def wait_for_chain(url: str, patience_s: float) -> None:
    """The chain's node answers.

    Raises:
        ChainUnreachable: not in time.
    """
    until_s = time.monotonic() + patience_s
    while True:
        try:
            expect(ask_many(connect(url), [("eth_chainId", ())])[0])
        except ChainUnreachable:
            if time.monotonic() > until_s:
                raise
            time.sleep(WAIT_S)
        else:
            return


def read_decisions(root: Path) -> Decisions | None:
    """What was decided in this folder, None where nothing was."""
    return read_document(root / DECISIONS_FILE, Decisions)


def _read_chain(w3: Web3, config: NetworkConfig) -> _ChainFacts:
    calls = [("eth_chainId", ()), ("eth_getBlockByNumber", ("0x0", False)), ("eth_blockNumber", ())]
    chain_id, genesis, head = map(expect, ask_many(w3, calls))
    if int(chain_id, 16) != config.chain.id:
        raise ChainMismatch(
            "the chain is not the one that the configuration describes",
            expected=f"chain id {config.chain.id}",
            actual=int(chain_id, 16),
        )
    return _ChainFacts(int(chain_id, 16), genesis["hash"], int(head, 16))


def _read_begun(
    folder: NetworkFolder, agreement: Agreement, order: FoundingOrder
) -> Decisions | None:
    """What a former call decided, if it wanted the same."""
    begun = read_decisions(folder.root)
    is_complete = folder.network_file.exists()
    if begun is None and not is_complete:
        return None
    if begun is not None and begun.agreement == agreement and not order.anew:
        return begun
    if is_complete:
        raise NetworkExists(
            "the folder holds a network; a new one needs a folder of its own",
            expected="the same members, chain and keys",
            actual=str(folder.root),
        )
    if not order.anew:
        raise FoundingUnfinished(
            "another founding was begun here and broke off",
            expected="the same members, chain and keys, or --anew to leave it behind",
            actual=str(folder.root),
        )
    _put_aside(folder)
    return None


def _put_aside(folder: NetworkFolder) -> None:
    """What was begun stays readable and is never taken up again."""
    stamp = int(time.time())
    for path in (folder.root / DECISIONS_FILE, folder.transactions):
        if path.exists():
            path.rename(path.with_name(f"{path.stem}.abandoned-{stamp}{path.suffix}"))


def _ensure_deployer(folder: NetworkFolder) -> LocalAccount:
    """A key that lasts as long as the founding takes: it is worth nothing afterwards."""
    path = folder.role_key(DEPLOYER)
    return load_chain_key(path) if path.exists() else create_chain_key(path)


def _decide(agreement: Agreement, key: LocalAccount, w3: Web3, head: int) -> Decisions:
    deployer = str(key.address).lower()
    count = expect(ask_many(w3, [("eth_getTransactionCount", (deployer, "latest"))])[0])
    return Decisions(
        format=DECISIONS_FORMAT,
        agreement=agreement,
        network_id=secrets.token_bytes(32).hex(),
        deployer=deployer,
        first_nonce=int(count, 16),
        start_block=head,
    )


def _deploy(
    w3: Web3, folder: NetworkFolder, key: LocalAccount, decisions: Decisions, config: NetworkConfig
) -> Network:
    sender = TransactionSender(
        w3,
        key,
        journal=TransactionJournal(folder.transactions),
        gas_price_wei=config.chain.gas_price_wei,
    )
    if sender.address != decisions.deployer:
        raise FoundingUnfinished(
            "the founding was begun with another deployer's key",
            expected=decisions.deployer,
            actual=sender.address,
        )
    return deploy_network(
        w3,
        sender,
        decisions.describe(),
        config,
        load_tariff_config(),
        first_nonce=decisions.first_nonce,
        start_block=decisions.start_block,
    )


def _describe(
    network: Network, config: NetworkConfig, order: FoundingOrder, decisions: Decisions
) -> NetworkFile:
    members = decisions.agreement.members
    return NetworkFile(
        format=FORMAT,
        engine=config.engine,
        config=order.config,
        chain_id=network.chain_id,
        rpc_urls=list(order.rpc_urls),
        gas_price_wei=config.chain.gas_price_wei,
        ledger=network.addresses.ledger,
        addresses=asdict(network.addresses),
        network_id=network.network_id.hex(),
        genesis_hash=network.genesis_hash,
        validators=[
            ValidatorEntry(member.name, index, member.url) for index, member in enumerate(members)
        ],
        created_at_ms=int(time.time() * 1_000),
    )


def _write_settings(folder: NetworkFolder, network: NetworkFile, decisions: Decisions) -> None:
    """Each member finds its node's settings, with paths relative to its own folder."""
    for member in decisions.agreement.members:
        home = Path("nodes") / member.name
        make_private_folder(folder.root / home)
        keys = [Path("keys") / f"{member.name}.json"]
        document = build_settings(network, member.name, member.url, keys, home)
        write_document(folder.root / home / "settings.json", document)
