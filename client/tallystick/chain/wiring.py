"""Who may do what in a network: which role each restricted function asks for, and who holds it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tallystick.chain.bindings import authority as roles
from tallystick.chain.network import Addresses
from tallystick.core.facts import Validator

ROLE_BY_FUNCTION: Final = (
    ("Registry", ("registerResource", "setResource"), roles.REGISTRAR),
    ("Tariff", ("adoptRates",), roles.REGISTRAR),
    ("Cursors", ("open", "rotate"), roles.REGISTRY),
    ("Cursors", ("advance", "absorb"), roles.LEDGER),
    ("BudgetState", ("open",), roles.REGISTRY),
    ("BudgetState", ("store", "storeTerms"), roles.BUDGETS),
    ("Credits", ("mint", "move", "burnUpTo"), roles.BUDGETS),
    ("Budgets", ("charge",), roles.LEDGER),
    # Open to all, but by a role, so that it can be closed; the ledger itself checks its senders.
    ("UsageLedger", ("settle",), roles.PUBLIC),
)
"""Restricted functions that somebody but governance may call."""

_ROLE_BY_CONTRACT: Final = (
    (roles.REGISTRY, "Registry"),
    (roles.LEDGER, "UsageLedger"),
    (roles.BUDGETS, "Budgets"),
)


@dataclass(frozen=True, slots=True)
class Founding:
    """What is decided once for each network, beside its configuration."""

    network_id: bytes
    """32 bytes, not zero, different from every other network's."""
    validators: tuple[Validator, ...]
    guardian: str
    """The address that may freeze meters."""


def list_members(addresses: Addresses, registrar: str, guardian: str) -> list[tuple[int, str]]:
    """Roles and who holds them, governance aside, which whoever deploys has from the start."""
    by_contract = addresses.by_contract()
    contracts = [(role, by_contract[contract]) for role, contract in _ROLE_BY_CONTRACT]
    return [*contracts, (roles.REGISTRAR, registrar), (roles.GUARDIAN, guardian)]
