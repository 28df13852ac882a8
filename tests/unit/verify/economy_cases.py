"""An honest economy as events with all their transfers, every figure worked out by hand."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from tests.unit.core.builders import BASE_FACTS, CHAT, RIVAL_PROJECT, SUPPORT
from tests.unit.verify.cases import IDENTITY, MEMBERS, SET

from tallystick.chain.abi import load_events
from tallystick.chain.blocks import Block
from tallystick.chain.decode import Event
from tallystick.verify.book_codec import decode_book, encode_book
from tallystick.verify.books.economy import Economy
from tallystick.verify.books.flows import (
    EXPLORATION_POOL,
    PENDING_REDEMPTIONS,
    PROVIDER_INVENTORY,
    SWAP_ESCROW,
    address_of,
)
from tallystick.verify.credit_book import NOBODY
from tallystick.verify.replay import Position, Replay
from tallystick.verify.verdict import Disagreement

C: Final = 1_000_000
"""One credit."""
DAY_S: Final = 86_400
INDEX_EPOCH: Final = 20_718
START_S: Final = (INDEX_EPOCH + 1) * DAY_S + 60
GENERAL, EXPLORATION, NIMBUS = 1, 2, (2 << 32) + 7
PLAN_OF_CHAT: Final = (1 << 32) + CHAT
LABEL: Final = b"h100".ljust(32, b"\0")
HASH: Final = bytes(range(32))
WHO: Final = "0x" + "51" * 20
TERMS: Final = (50_000, 150_000, 250_000, 250_000, C, 10_000, 100_000, DAY_S)
EARLY, LATE, TESTED = CHAT, SUPPORT, RIVAL_PROJECT
"""Projects: one that grows, one that is cut and restored, one that an experiment protects."""

Blocks = list[list[Event]]


def event(contract: str, name: str, *values: object, block: int = 0) -> Event:
    """The event with these values in the order of its Solidity declaration."""
    shape = next(each for each in load_events(contract).values() if each.name == name)
    names = [argument for argument, _ in (*shape.indexed, *shape.plain)]
    return Event(name, contract, dict(zip(names, values, strict=True)), block, "0x", 0, 0)


def transfer(sender: str | None, receiver: str | None, credit_id: int, amount: int) -> Event:
    """Credits that move; None = made or gone."""
    args = {
        "sender": sender or NOBODY,
        "receiver": receiver or NOBODY,
        "id": credit_id,
        "amount": amount,
    }
    return Event("Transfer", "Credits", args, 0, "0x", 0, 0)


def mint(account: int, credit_id: int, amount: int) -> Event:
    """New credits of an account."""
    return transfer(None, address_of(account), credit_id, amount)


def build_economy() -> Blocks:
    """Blocks of events, ten minutes apart."""
    return [*_enrol(), *_judge(), *_explore(), *_trade(), *_index()]


def _enrol() -> Blocks:
    return [
        [
            event("Epochs", "TermsSet", 0, TERMS),
            event("Outcomes", "KindSet", 1, "revenue", 10_000, 7 * DAY_S, 0),
            event("Epochs", "Enrolled", EARLY, 0, 100 * C),
            event("Epochs", "ExplorationMinted", 0, 100 * C, 11_111_111),
            transfer(None, EXPLORATION_POOL, EXPLORATION, 11_111_111),
            mint(EARLY, GENERAL, 100 * C),
        ],
        [
            event("Epochs", "Enrolled", LATE, 0, 80 * C),
            event("Epochs", "ExplorationMinted", 0, 80 * C, 8_888_889),
            transfer(None, EXPLORATION_POOL, EXPLORATION, 8_888_889),
            mint(LATE, GENERAL, 80 * C),
            event("Epochs", "Enrolled", TESTED, 0, 10 * C),
            event("Epochs", "ExplorationMinted", 0, 10 * C, 1_111_111),
            transfer(None, EXPLORATION_POOL, EXPLORATION, 1_111_111),
            mint(TESTED, GENERAL, 10 * C),
        ],
        [
            event("Outcomes", "OutcomeReported", EARLY, 0, 1, 900, 9_000_000, HASH, WHO),
            event("Outcomes", "OutcomeConfirmed", EARLY, 0, 1, 5, WHO),
            event("Outcomes", "OutcomeReported", LATE, 0, 1, 300, 3_000_000, HASH, WHO),
            event("Outcomes", "OutcomeDisputed", LATE, 0, 1, WHO, HASH),
            event("Experiments", "ExperimentOpened", 1, TESTED, 0, 1, HASH),
        ],
    ]


def _judge() -> Blocks:
    """EARLY grows: 75 credits x 1.25. LATE is cut: 80 x 0.75. TESTED keeps its 10."""
    return [
        [
            event("Epochs", "EpochCut", EARLY, 0, 60 * C),
            event("Epochs", "EpochClosed", EARLY, 0, 9_000_000, 60 * C, 75 * C, 93_750_000, False),
            event("Epochs", "EpochCut", LATE, 0, 90 * C),
            event("Epochs", "EpochClosed", LATE, 0, 0, 90 * C, 80 * C, 60 * C, False),
            event("Epochs", "EpochCut", TESTED, 0, 10 * C),
            event("Epochs", "EpochClosed", TESTED, 0, 0, 10 * C, 10 * C, 10 * C, True),
            event("Epochs", "ExplorationMinted", 0, 163_750_000, 18_194_444),
            transfer(None, EXPLORATION_POOL, EXPLORATION, 18_194_444),
            mint(EARLY, GENERAL, 93_750_000),
            mint(LATE, GENERAL, 60 * C),
            mint(TESTED, GENERAL, 10 * C),
        ],
        [
            event("Outcomes", "OutcomeReinstated", LATE, 0, 1),
            event("Epochs", "GrantRestored", LATE, 0, 3_000_000, 13_333_333, 73_333_333),
            event("Epochs", "ExplorationMinted", 0, 13_333_333, 1_481_482),
            transfer(None, EXPLORATION_POOL, EXPLORATION, 1_481_482),
            mint(LATE, GENERAL, 13_333_333),
        ],
        [
            event("Epochs", "GrantRestored", LATE, 0, 3_000_000, 6_666_667, 80 * C),
            event("Epochs", "ExplorationMinted", 0, 6_666_667, 740_740),
            transfer(None, EXPLORATION_POOL, EXPLORATION, 740_740),
            mint(LATE, GENERAL, 6_666_667),
        ],
        [
            event("Epochs", "EpochCut", EARLY, 1, 40 * C),
            event("Epochs", "EpochClosed", EARLY, 1, 0, 40 * C, 50 * C, 37_500_000, False),
            event("Epochs", "ExplorationMinted", 1, 37_500_000, 4_166_667),
            transfer(None, EXPLORATION_POOL, EXPLORATION, 4_166_667),
            mint(EARLY, GENERAL, 37_500_000),
        ],
    ]


def _explore() -> Blocks:
    return [
        [
            event("Experiments", "ExperimentFunded", 1, TESTED, 4 * C),
            transfer(EXPLORATION_POOL, address_of(TESTED), EXPLORATION, 4 * C),
        ],
        [
            event("Experiments", "ExperimentEnded", 1, TESTED, 1, C, HASH),
            transfer(address_of(TESTED), EXPLORATION_POOL, EXPLORATION, C),
        ],
        [
            event("Plans", "PlanSet", CHAT, 1_000 * C, 3_000),
            event("Plans", "InvoiceReported", CHAT, HASH, 6_000, 2_000 * C, WHO),
            event("Plans", "InvoiceConfirmed", CHAT, HASH, 6_000, 2_000 * C, WHO),
            mint(CHAT, PLAN_OF_CHAT, 2_000 * C),
            event("Budgets", "Granted", LATE, GENERAL, 5 * C, HASH, WHO),
            mint(LATE, GENERAL, 5 * C),
        ],
    ]


def _trade() -> Blocks:
    """Conversions go at 0.4, the announced rate, which is the worse one."""
    escrow, chat, support = SWAP_ESCROW, address_of(CHAT), address_of(SUPPORT)
    return [
        [
            event("ProviderDesk", "ProviderSet", 7, "nimbus", WHO),
            event("ProviderDesk", "DeskRateSet", 7, 500_000, START_S),
            event("ProviderDesk", "DeskRateSet", 7, 400_000, START_S + 60 * DAY_S),
            event("ProviderDesk", "DeskCapsSet", 7, 4_800_000, 10 * C),
            event("ProviderDesk", "InventoryDeposited", 7, 25 * C, HASH, 25 * C),
            transfer(None, PROVIDER_INVENTORY, NIMBUS, 25 * C),
        ],
        [
            event("ProviderDesk", "Converted", CHAT, 7, 12 * C, 4_800_000, 400_000),
            transfer(chat, None, GENERAL, 12 * C),
            transfer(PROVIDER_INVENTORY, chat, NIMBUS, 4_800_000),
        ],
        [
            event("ProviderDesk", "RedemptionRequested", 1, CHAT, 7, 2 * C, HASH),
            transfer(chat, PENDING_REDEMPTIONS, NIMBUS, 2 * C),
            event("ProviderDesk", "RedemptionRequested", 2, CHAT, 7, C, HASH),
            transfer(chat, PENDING_REDEMPTIONS, NIMBUS, C),
            event("ProviderDesk", "RedemptionAcknowledged", 1, HASH),
            transfer(PENDING_REDEMPTIONS, None, NIMBUS, 2 * C),
        ],
        [
            event("ProviderDesk", "RedemptionReclaimed", 2),
            transfer(PENDING_REDEMPTIONS, chat, NIMBUS, C),
        ],
        [
            event("SwapMarket", "OfferPosted", 1, SUPPORT, GENERAL, 9 * C, NIMBUS, 4 * C, C, 2**40),
            transfer(support, escrow, GENERAL, 9 * C),
            event("SwapMarket", "OfferTaken", 1, CHAT, 2 * C, 888_889, 7 * C, True),
            transfer(chat, escrow, NIMBUS, 888_889),
            transfer(escrow, support, NIMBUS, 888_889),
            transfer(escrow, chat, GENERAL, 2 * C),
        ],
        [
            event("SwapMarket", "OfferClosed", 1, 2, 7 * C),
            transfer(escrow, support, GENERAL, 7 * C),
        ],
    ]


def _index() -> Blocks:
    values = (1_210_000, 1_190_000, 1_200_000)
    reports = [
        event("PriceIndex", "PriceReported", LABEL, INDEX_EPOCH, member.attester, value, 9, 5,
              START_S, START_S, HASH)
        for member, value in zip(MEMBERS, values, strict=False)
    ]  # fmt: skip
    from_ms = (INDEX_EPOCH + 2) * DAY_S * 1000
    return [
        reports,
        [
            event("Tariff", "IndexSet", LABEL, 1, 1_150_000, from_ms),
            event("PriceIndex", "IndexClosed", LABEL, INDEX_EPOCH, 1_200_000, 1_150_000, 1_043_478,
                  3, from_ms),
        ],
        [event("PriceIndex", "IndexHeld", LABEL, INDEX_EPOCH + 1, 0, 3)],
    ]  # fmt: skip


SPENT_BEFORE_BLOCK: Final[dict[int, Counter[int]]] = {
    3: Counter({EARLY: 60 * C, LATE: 30 * C, TESTED: 10 * C}),
    6: Counter({EARLY: 40 * C}),
}
"""What settles before a block, by project; LATE is above EARLY, and so has spent 90."""


def replay(blocks: Blocks, restart_before: int | None = None) -> list[Disagreement]:
    """What a replay of these blocks finds; its books may be written and read on the way."""
    replaying = Replay(IDENTITY, Position(), index_epoch_s=DAY_S)
    replaying.book.announce(0, [*BASE_FACTS, SET])
    found: list[Disagreement] = []
    for number, events in enumerate(blocks):
        if number == restart_before:
            written = json.loads(json.dumps(encode_book(replaying.position.economy)))
            replaying.position.economy = decode_book(Economy, written)
        replaying.position.own_costs_ucr.update(SPENT_BEFORE_BLOCK.get(number, {}))
        replaying.note_costs_changed()
        placed = tuple(replace(each, block=number) for each in events)
        block = Block(
            number, f"0x{number}", "", START_S + 600 * number, 0, 0, (), placed, (), (), ()
        )
        found += replaying.apply(block, {}, {})
    return found


def change(blocks: Blocks, place: tuple[int, int], name: str, by: Callable[[Any], Any]) -> Blocks:
    """The blocks with one argument of one event changed."""
    number, row = place
    changed = [list(events) for events in blocks]
    told = changed[number][row]
    changed[number][row] = replace(told, args={**told.args, name: by(told.args[name])})
    return changed
