"""What one contract error is in our tree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tallystick.chain.errors import TransactionReverted


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a contract error is in our tree, and how a person says it.

    `words`, `expected` and `actual` may name the error's arguments in braces.
    """

    leaf: type[TransactionReverted]
    words: str
    expected: str = ""
    actual: str = ""


Meanings = Mapping[str, Meaning]
"""Meanings by the name of the error in Solidity."""
