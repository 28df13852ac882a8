"""Balances, as the Credits contract keeps them; its own ways of moving are closed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Final

from tallystick.chain.calls import View, first, view

GENERAL: Final = 1
EXPLORATION: Final = 2
PLAN: Final = 1 << 32
PROVIDER: Final = 2 << 32

_view = partial(view, "Credits")


@dataclass(frozen=True, slots=True)
class Credits:
    """The Credits contract at an address."""

    address: str

    def balance_of(self, account: int, credit_id: int = GENERAL) -> View[int]:
        """What an account holds of a kind, in ucr."""
        return _view(self.address, "balanceOfAccount", account, credit_id, shape=first)

    def minted(self, credit_id: int = GENERAL) -> View[int]:
        """All credits of a kind that were ever made, in ucr."""
        return _view(self.address, "minted", credit_id, shape=first)

    def burned(self, credit_id: int = GENERAL) -> View[int]:
        """All credits of a kind that were spent or repaid, in ucr."""
        return _view(self.address, "burned", credit_id, shape=first)
