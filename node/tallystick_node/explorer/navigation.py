"""The pages by group, as every page's head offers them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Group:
    """Pages that belong together, as (address, name); the first is where the group's name leads."""

    name: str
    pages: tuple[tuple[str, str], ...]


GROUPS: Final = (
    Group("Overview", (("/", "Overview"),)),
    Group(
        "Use",
        (
            ("/usage", "Usage"),
            ("/records", "Records"),
            ("/quarantine", "Quarantine"),
            ("/corrections", "Corrections"),
        ),
    ),
    Group(
        "Budgets",
        (("/accounts", "Accounts"), ("/meters", "Meters"), ("/leases", "Leases")),
    ),
    Group(
        "Replenishment",
        (
            ("/epochs", "Epochs"),
            ("/outcomes", "Outcomes"),
            ("/reviews", "Reviews"),
            ("/experiments", "Experiments"),
            ("/plans", "Plans"),
        ),
    ),
    Group(
        "Markets",
        (
            ("/offers", "Offers"),
            ("/quotes", "Quotes"),
            ("/providers", "Providers"),
            ("/conversions", "Conversions"),
            ("/redemptions", "Redemptions"),
            ("/index", "Price index"),
        ),
    ),
    Group(
        "Governance",
        (
            ("/proposals", "Proposals"),
            ("/appeals", "Appeals"),
            ("/seats", "Seats"),
            ("/stops", "Stops"),
            ("/tariff", "Tariff"),
            ("/validators", "Validators"),
        ),
    ),
    Group(
        "Chain",
        (("/batches", "Batches"), ("/blocks", "Blocks"), ("/transactions", "Transactions")),
    ),
    Group("Alerts", (("/alerts", "Alerts"),)),
    Group("Verify", (("/verify", "Verify"),)),
)


def find_group(page: str | None) -> Group | None:
    """The group that a page belongs to, by its name."""
    return next((group for group in GROUPS if page in {name for _, name in group.pages}), None)
