"""Credits as their Transfer events tell them: who holds what, what was minted, what was burned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

NOBODY: Final = f"0x{0:040x}"
"""Credits come from here when minted, and go here when burned."""


@dataclass(slots=True)
class CreditBook:
    """Amounts in ucr. Keys of `balances` are (holder's address, credit id)."""

    balances: Counter[tuple[str, int]] = field(default_factory=Counter)
    minted: Counter[int] = field(default_factory=Counter)
    burned: Counter[int] = field(default_factory=Counter)

    def apply_transfer(self, args: Mapping[str, Any]) -> None:
        """The book knows of one Transfer event."""
        sender, receiver = args["sender"], args["receiver"]
        credit_id, amount_ucr = args["id"], args["amount"]
        if sender == NOBODY:
            self.minted[credit_id] += amount_ucr
        else:
            self.balances[sender, credit_id] -= amount_ucr
        if receiver == NOBODY:
            self.burned[credit_id] += amount_ucr
        else:
            self.balances[receiver, credit_id] += amount_ucr
