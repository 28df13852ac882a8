"""A network's bundle on disk: everything that its containers are started with.

    besu/shared/         genesis.json, static-nodes.json, permissions_config.toml, besu.toml
    besu/besu-N/         a chain node's key, and its data
    members/validator-N/ a member's own folder: its keys, encrypted, and its card
    founders/            the cards again, for the founding
    keys/                the deployer's, the registrar's and the guardian's
    nodes/validator-N/   a validator's settings, written by the founding, and its data
    monitoring/targets/  what Prometheus scrapes
    secrets/             a token, a passphrase and passwords, made here
    tokens.json          the token again, for commands that read from validators
    explorer.conf        of the block explorer's proxy
    docker-compose.yml   starts all of it
    bundle.json          what the bundle is of

The folder is also the operator's, from which commands sign (`--dir`). Members who run machines of
their own make their keys there; the bundle that is made from their cards holds no key at all.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from tallystick.ceremony.besu.compose import format_compose
from tallystick.ceremony.besu.genesis import compute_genesis, load_qbft
from tallystick.ceremony.besu.monitoring_services import format_targets
from tallystick.ceremony.besu.peers import format_permissions, format_static_nodes
from tallystick.ceremony.besu.plan import Pair, Plan
from tallystick.ceremony.cards import Card, encode_card
from tallystick.ceremony.errors import CardInvalid, MembersTooFew, NetworkExists
from tallystick.ceremony.joining import Joining, join
from tallystick.ceremony.members import Member, check_together
from tallystick.chain.config import NetworkConfig, read_config_text
from tallystick.chain.keys import read_private, write_private
from tallystick.local.files import (
    PRIVATE_FILE,
    make_private_folder,
    read_document,
    write_atomically,
    write_document,
)
from tallystick.local.folder import NetworkFolder
from tallystick.local.roles import GUARDIAN, REGISTRAR
from tallystick.local.secrets import ensure_key

FORMAT: Final = 1
DEPLOYER: Final = "deployer"
CONFIG: Final = "besu"
SECRET_BYTES: Final = 32
OPEN_FILE: Final = 0o644
"""Of what a container of another user reads; the folder around it is private."""
PRIVATE_SECRETS: Final = ("token", "passphrase")
OPEN_SECRETS: Final = ("grafana_password", "blockscout_key", "blockscout_db_password")


class BundleFile(msgspec.Struct, frozen=True):
    """bundle.json: which network the folder is of."""

    format: int
    engine: str
    chain_id: int
    containers: bool
    """Whether every member's containers are started from here."""
    members: list[Member]
    accounts: list[str]
    """Whose transactions the chain's nodes take."""


@dataclass(frozen=True)
class Bundle:
    """A bundle as it lies in its folder, and whether it was made just now."""

    file: BundleFile
    created: bool


def write_rehearsal(
    root: Path, plan: Plan, config: NetworkConfig, allowed: Sequence[str]
) -> Bundle:
    """The folder holds a network of one operator: every member's keys, and what starts them.

    Repeating it keeps every key; accounts that are new are added to those allowed.

    Args:
        root: of the bundle, made where there is none.
        plan: its containers.
        config: of the network.
        allowed: further addresses whose transactions the chain takes.

    Raises:
        MembersTooFew: fewer than the configuration asks for.
        NetworkExists: the folder holds another network.
    """
    _check_enough(plan.validators, config)
    known = _read_known(root, [pair.member for pair in plan.pairs], containers=True)
    folder = NetworkFolder(root)
    folder.create()
    _ignore_in_git(root)
    operators = [ensure_key(folder, role) for role in (DEPLOYER, REGISTRAR, GUARDIAN)]
    _ensure_secrets(root)
    cards = [_join(root, pair) for pair in plan.pairs]
    _write_containers(root, plan, cards)
    _write_tokens(folder, plan)
    members = [card.member for card in cards]
    return _complete(root, config, members, [*operators, *allowed], known, containers=True)


def write_from_cards(
    root: Path, cards: Sequence[Card], config: NetworkConfig, allowed: Sequence[str]
) -> Bundle:
    """The folder holds what every member's chain node is started with, and nobody's key.

    Args:
        root: of the bundle, made where there is none.
        cards: of the members, each with its chain node, in any order.
        config: of the network.
        allowed: further addresses whose transactions the chain takes, the deployer's to begin with.

    Raises:
        MembersTooFew: fewer than the configuration asks for.
        CardsDisagree: two of them share what must be one's own.
        CardInvalid: a card names no chain node.
        NetworkExists: the folder holds another network.
    """
    members = sorted((card.member for card in cards), key=lambda member: member.name)
    _check_enough(len(members), config)
    check_together(members)
    known = _read_known(root, [member.name for member in members], containers=False)
    make_private_folder(root)
    _ignore_in_git(root)
    return _complete(root, config, members, allowed, known, containers=False)


def list_accounts(members: Sequence[Member], others: Sequence[str]) -> list[str]:
    """Whose transactions the chain takes, ascending: senders and seats, never an attester.

    Raises:
        CardInvalid: another account is a member's attestation key, which sends nothing.
    """
    attesters = {member.attester for member in members}
    accounts = dict.fromkeys(address.lower() for address in others)
    for member in members:
        accounts |= dict.fromkeys((member.sender, member.seat))
    for address in accounts:
        if address in attesters:
            raise CardInvalid(
                "an attestation key sends no transactions", expected="another", actual=address
            )
    return sorted(accounts)


def _complete(
    root: Path,
    config: NetworkConfig,
    members: Sequence[Member],
    allowed: Sequence[str],
    known: BundleFile | None,
    *,
    containers: bool,
) -> Bundle:
    """What every chain node is started with is written, then that the bundle is whole."""
    if known is not None and known.members != list(members):
        raise NetworkExists("the folder holds another network", expected="its own members")
    earlier = () if known is None else known.accounts
    accounts = list_accounts(members, [*earlier, *allowed])
    _write_chain(make_private_folder(root / "besu" / "shared"), config, members, accounts)
    file = BundleFile(
        format=FORMAT,
        engine=config.engine,
        chain_id=config.chain.id,
        containers=containers,
        members=list(members),
        accounts=accounts,
    )
    write_document(root / "bundle.json", file)
    return Bundle(file, created=known is None)


def _write_chain(
    folder: Path, config: NetworkConfig, members: Sequence[Member], accounts: Sequence[str]
) -> None:
    enodes = [_require_enode(member) for member in members]
    makers = [str(member.chain_address) for member in members]
    genesis = compute_genesis(config.chain, load_qbft(), makers)
    contents = {
        "genesis.json": json.dumps(genesis, indent=2) + "\n",
        "static-nodes.json": format_static_nodes(enodes),
        "permissions_config.toml": format_permissions(enodes, accounts),
        "besu.toml": read_config_text(f"{CONFIG}/besu.toml"),
    }
    for name, content in contents.items():
        write_atomically(folder / name, content.encode(), mode=PRIVATE_FILE)


def _write_containers(root: Path, plan: Plan, cards: Sequence[Card]) -> None:
    for pair, card in zip(plan.pairs, cards, strict=True):
        make_private_folder(root / "besu" / pair.chain_name / "data")
        make_private_folder(root / "nodes" / pair.member)
        founders = make_private_folder(root / "founders")
        write_atomically(founders / f"{pair.member}.card.json", encode_card(card))
    targets = make_private_folder(root / "monitoring" / "targets")
    targets.chmod(0o755)  # Prometheus runs as another user; nothing secret is in here
    for name, content in format_targets(plan).items():
        write_atomically(targets / name, content.encode())
    write_atomically(root / "explorer.conf", read_config_text(f"{CONFIG}/explorer.conf").encode())
    write_atomically(root / "docker-compose.yml", format_compose(plan).encode())


def _join(root: Path, pair: Pair) -> Card:
    chain = make_private_folder(root / "besu" / pair.chain_name)
    joining = Joining(
        name=pair.member,
        url=pair.url,
        chain_node=pair.chain_node,
        chain_key=chain / "key",
        passphrase=read_private(root / "secrets" / "passphrase").decode().strip(),
    )
    make_private_folder(root / "members")
    return join(root / "members" / pair.member, joining).card


def _ensure_secrets(root: Path) -> None:
    folder = make_private_folder(root / "secrets")
    for name in (*PRIVATE_SECRETS, *OPEN_SECRETS):
        path = folder / name
        if not path.exists():
            write_private(path, secrets.token_hex(SECRET_BYTES).encode())
        if name in OPEN_SECRETS:
            path.chmod(OPEN_FILE)
    token = read_private(folder / "token")
    write_atomically(folder / "prometheus_token", token, mode=OPEN_FILE)


def _write_tokens(folder: NetworkFolder, plan: Plan) -> None:
    """Commands that run in the folder show validators the token that these ask for."""
    token = read_private(folder.root / "secrets" / "token").decode()
    tokens = {pair.member: token for pair in plan.pairs}
    write_document(folder.tokens_file, tokens, mode=PRIVATE_FILE)


def _ignore_in_git(root: Path) -> None:
    """Nothing of the bundle is ever committed."""
    write_atomically(root / ".gitignore", b"*\n")


def _check_enough(members: int, config: NetworkConfig) -> None:
    if members < config.validators.minimum:
        raise MembersTooFew(
            "a network of fewer members tolerates no fault",
            expected=f"at least {config.validators.minimum}",
            actual=members,
        )


def _read_known(root: Path, names: Sequence[str], *, containers: bool) -> BundleFile | None:
    known = read_document(root / "bundle.json", BundleFile)
    if known is None:
        return None
    expected = [member.name for member in known.members]
    if known.format != FORMAT or expected != list(names) or known.containers != containers:
        raise NetworkExists(
            f"{root} holds another network",
            expected=f"{len(expected)} members: {', '.join(expected)}",
            actual=f"{len(names)}: {', '.join(names)}",
        )
    return known


def _require_enode(member: Member) -> str:
    if member.enode is None:
        raise CardInvalid(
            f"{member.name}'s card names no chain node", expected="network join --chain-node"
        )
    return member.enode
