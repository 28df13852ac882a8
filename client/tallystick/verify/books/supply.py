"""The supply: every credit minted has a rule that mints it, every pool holds what it owes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tallystick.chain.bindings.credits import EXPLORATION, GENERAL, PLAN, PROVIDER
from tallystick.chain.decode import Event
from tallystick.verify.books.finding import Finding, compare
from tallystick.verify.credit_book import CreditBook
from tallystick.verify.verdict import Check

POOL_PREFIX: Final = b"tallystick/pool:".hex()


def _pool_address(number: int) -> str:
    return f"0x{POOL_PREFIX}{number:08x}"


EXPLORATION_POOL: Final = _pool_address(1)
SWAP_ESCROW: Final = _pool_address(2)
PROVIDER_INVENTORY: Final = _pool_address(3)
PENDING_REDEMPTIONS: Final = _pool_address(4)

_MINTS: Final[Mapping[str, Callable[[Mapping[str, Any]], tuple[int, int]]]] = {
    "Granted": lambda args: (args["id"], args["amountUcr"]),
    "Enrolled": lambda args: (GENERAL, args["firstGrantUcr"]),
    "EpochClosed": lambda args: (GENERAL, args["grantUcr"]),
    "GrantRestored": lambda args: (GENERAL, args["addedUcr"]),
    "ExplorationMinted": lambda args: (EXPLORATION, args["addedUcr"]),
    "InvoiceConfirmed": lambda args: (PLAN + args["project"], args["creditsUcr"]),
    "InventoryDeposited": lambda args: (PROVIDER + args["provider"], args["amountUcr"]),
    "RecordCredited": lambda args: (GENERAL, args["amountUcr"]),
}
"""Credit id and amount by event."""
_BURNS: Final[Mapping[str, str]] = {
    "ProjectCharged": "fromBalanceUcr",
    "OverdraftRepaid": "amountUcr",
    "Converted": "creditsUcr",
}
"""The argument that says how much."""


@dataclass(slots=True)
class SupplyBook:
    """Minted and burned in ucr, as far as rules account for it."""

    minted_ucr: Counter[int] = field(default_factory=Counter)
    """By credit id."""
    burned_ucr: int = 0
    """Of all ids but providers': a charge does not say which credits paid it."""
    redeemed_ucr: Counter[int] = field(default_factory=Counter)
    """By credit id, of providers'."""

    def apply(self, event: Event, redeemed: tuple[int, int] | None = None) -> None:
        """The book knows of one event that mints or burns.

        Args:
            event: any.
            redeemed: provider and amount where it acknowledges a redemption.
        """
        if (mint := _MINTS.get(event.name)) is not None:
            credit_id, amount_ucr = mint(event.args)
            self.minted_ucr[credit_id] += amount_ucr
        elif (argument := _BURNS.get(event.name)) is not None:
            self.burned_ucr += event.args[argument]
        elif event.name == "RedemptionAcknowledged" and redeemed:
            self.redeemed_ucr[PROVIDER + redeemed[0]] += redeemed[1]

    def check_supply(self, credits_kept: CreditBook) -> Iterator[Finding]:
        """Transfers minted and burned what the rules account for."""
        for credit_id in sorted(self.minted_ucr.keys() | credits_kept.minted.keys()):
            expected_ucr, actual_ucr = self.minted_ucr[credit_id], credits_kept.minted[credit_id]
            what = f"minted of credit id {credit_id}, ucr"
            yield from compare(Check.MINTED, expected_ucr, actual_ucr, what)
            self.minted_ucr[credit_id] = actual_ucr
        burned_ucr = 0
        for credit_id, amount_ucr in sorted(credits_kept.burned.items()):
            if credit_id < PROVIDER:
                burned_ucr += amount_ucr
                continue
            what = f"burned of credit id {credit_id}, ucr"
            yield from compare(Check.BURNED, self.redeemed_ucr[credit_id], amount_ucr, what)
            self.redeemed_ucr[credit_id] = amount_ucr
        yield from compare(
            Check.BURNED, self.burned_ucr, burned_ucr, "burned by charges and conversions, ucr"
        )
        self.burned_ucr = burned_ucr


def check_pool(
    credits_kept: CreditBook, pool: str, name: str, owed_ucr: Mapping[int, int]
) -> Iterator[Finding]:
    """A pool holds what it owes, credit id by credit id."""
    held_ucr = {of: ucr for (holder, of), ucr in credits_kept.balances.items() if holder == pool}
    for credit_id in sorted(held_ucr.keys() | owed_ucr.keys()):
        yield from compare(
            Check.POOLS,
            owed_ucr.get(credit_id, 0),
            held_ucr.get(credit_id, 0),
            f"{name} of credit id {credit_id}, ucr",
        )
