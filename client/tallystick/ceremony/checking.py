"""A member checks for itself that what was founded is what was agreed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tallystick.ceremony.card_files import CARDS, list_cards
from tallystick.ceremony.cards import Card
from tallystick.ceremony.decisions import Decisions
from tallystick.ceremony.errors import CardsDisagree, ChainMismatch, MemberMissing
from tallystick.ceremony.founding import DECISIONS_FILE, read_decisions
from tallystick.chain.config import load_network_config, load_tariff_config
from tallystick.chain.deployment_checks import check_deployment
from tallystick.chain.network import Addresses
from tallystick.chain.reader import ask_many, connect, expect
from tallystick.local.folder import NetworkFile, NetworkFolder


def check_founding(root: Path, cards: Sequence[Card], rpc_urls: Sequence[str]) -> Decisions:
    """Code, powers and first facts on the chain are those that these members agreed on.

    Holds for a network that was just founded: what members do later is not what was deployed.

    Args:
        root: what whoever founded it gave to all: network.json, founding.json, cards/.
        cards: as their owners handed them over; empty = those in `root` are trusted.
        rpc_urls: of a chain node that is trusted; empty = those in network.json.

    Raises:
        CardsDisagree: founded with other cards than these.
        ChainMismatch: the node is on another chain.
        DeploymentFailed: something on the chain is not what was agreed.
    """
    network, decisions = _read_founded(root)
    trusted = list(cards) or list_cards(root / CARDS)
    _check_members(decisions, trusted)
    w3 = connect((list(rpc_urls) or network.rpc_urls)[0])
    genesis = expect(ask_many(w3, [("eth_getBlockByNumber", ("0x0", False))])[0])
    if genesis["hash"] != decisions.agreement.genesis_hash:
        raise ChainMismatch(
            "the node is on another chain",
            expected=decisions.agreement.genesis_hash,
            actual=genesis["hash"],
        )
    check_deployment(
        w3,
        Addresses(**network.addresses),
        decisions.describe(),
        load_network_config(decisions.agreement.config),
        load_tariff_config(),
        start_block=decisions.start_block,
    )
    return decisions


def _read_founded(root: Path) -> tuple[NetworkFile, Decisions]:
    network, decisions = NetworkFolder(root).read_network(), read_decisions(root)
    if network is None or decisions is None:
        raise MemberMissing(
            "no network was founded in this folder",
            expected=f"network.json, {DECISIONS_FILE}, {CARDS}/",
            actual=str(root),
        )
    return network, decisions


def _check_members(decisions: Decisions, cards: Sequence[Card]) -> None:
    agreed = {card.member.name: card.member for card in cards}
    founded = {member.name: member for member in decisions.agreement.members}
    for name in sorted({*agreed, *founded}):
        if agreed.get(name) != founded.get(name):
            raise CardsDisagree(
                f"the network was not founded with the card of {name}",
                expected=_brief(agreed.get(name)),
                actual=_brief(founded.get(name)),
            )


def _brief(member: object) -> str:
    return "no such member" if member is None else str(member)[:400]
