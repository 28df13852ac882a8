"""Contract errors in words: the one table from Solidity's custom errors to our error tree."""

from __future__ import annotations

from typing import Final

from tallystick.chain.meanings import (
    authority,
    governance,
    markets,
    money,
    replenishment,
    settlement,
    values,
)
from tallystick.chain.meanings.meaning import Meaning, Meanings

MEANINGS: Final[Meanings] = {
    **authority.MEANINGS,
    **values.MEANINGS,
    **money.MEANINGS,
    **markets.MEANINGS,
    **settlement.MEANINGS,
    **replenishment.MEANINGS,
    **governance.MEANINGS,
}

__all__ = ["MEANINGS", "Meaning"]
