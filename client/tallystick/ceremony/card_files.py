"""Cards on disk: NAME.card.json."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tallystick.ceremony.cards import MAX_CARD_BYTES, Card, decode_card, encode_card
from tallystick.ceremony.errors import CardInvalid
from tallystick.local.files import write_atomically

PATTERN: Final = "*.card.json"
CARDS: Final = "cards"
"""Where a network's folder keeps the cards of all members."""


def read_card(path: Path) -> Card:
    """The card in a file, every proof on it checked.

    Raises:
        CardInvalid: there is no such file, or no card in it.
    """
    try:
        with path.open("rb") as file:
            return decode_card(file.read(MAX_CARD_BYTES + 1))
    except OSError as error:
        raise CardInvalid("a card cannot be read", expected="a file", actual=str(path)) from error


def list_cards(folder: Path) -> list[Card]:
    """Every card in a folder, by the names of the files; none where there is no folder."""
    return [read_card(path) for path in sorted(folder.glob(PATTERN))]


def keep_cards(root: Path, cards: Sequence[Card]) -> None:
    """The network's folder holds the cards; a member's older one stays beside its newer one."""
    folder = root / CARDS
    folder.mkdir(exist_ok=True)
    kept = list_cards(folder)
    for card in cards:
        if card in kept:
            continue
        member = card.member
        write_atomically(
            folder / f"{member.name}-{member.attester[2:10]}.card.json", encode_card(card)
        )
