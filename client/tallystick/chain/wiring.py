"""Who may do what in a network: which role each restricted function asks for, and who holds it.

Governance is a vote: the timelock that carries votes out is an administrator of the authority. So
are Onboarding and Guardian, contracts whose code is all that they can do with it
(docs/decisions/0009-who-holds-power.md). Nobody else is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Final

from tallystick.chain.bindings import authority as roles
from tallystick.chain.network import PLACES, Addresses
from tallystick.core.facts import Validator

ROLE_BY_FUNCTION: Final = (
    # By people
    ("Registry", ("registerResource", "setResource"), roles.REGISTRAR),
    ("Tariff", ("adoptRates",), roles.REGISTRAR),
    ("Onboarding", ("admit",), roles.REGISTRAR),
    ("Guardian", ("pauseMeter", "closeContract", "suspendKey"), roles.GUARDIAN),
    ("Budgets", ("setBudget",), roles.LIMITS),
    # By contracts
    ("Cursors", ("open", "rotate"), roles.REGISTRY),
    ("Cursors", ("advance", "absorb"), roles.LEDGER),
    ("BudgetState", ("open",), roles.REGISTRY),
    ("BudgetState", ("store", "storeTerms", "storeRate", "storeLease", "draw"), roles.STATE),
    ("Credits", ("mint", "burn", "move", "pay"), roles.BUDGETS),
    ("Credits", ("reserve", "free"), roles.STATE),
    ("Budgets", ("charge",), roles.CHARGER),
    ("Budgets", ("issue", "retire"), roles.ISSUER),
    ("Budgets", ("hold", "release"), roles.ESCROW),
    ("Budgets", ("setExploring",), roles.EXPERIMENTS),
    ("Outcomes", ("reinstate",), roles.APPEALS),
    ("Epochs", ("restore", "recount"), roles.APPEALS),
    ("ValidatorSet", ("suspend",), roles.WARDEN),
    ("Tariff", ("setIndex",), roles.INDEX),
    # Open to all, but by a role, so that they can be closed; each checks for itself whom it hears.
    ("UsageLedger", ("settle",), roles.PUBLIC),
    ("Corrections", ("release", "credit"), roles.PUBLIC),
    ("MeterFreezes", ("freeze",), roles.PUBLIC),
    ("Outcomes", ("report",), roles.PUBLIC),
    ("Epochs", ("enrol", "close"), roles.PUBLIC),
    ("Plans", ("confirmInvoice",), roles.PUBLIC),
    ("SwapMarket", ("post", "take", "fill"), roles.PUBLIC),
    ("ProviderDesk", ("convert", "redeem"), roles.PUBLIC),
    ("PriceIndex", ("report", "close"), roles.PUBLIC),
    # By a vote
    ("Registry", ("setRules",), roles.GOVERNANCE),
    ("ValidatorSet", ("setValidators",), roles.GOVERNANCE),
    ("Tariff", ("setRates",), roles.GOVERNANCE),
    ("Budgets", ("setMintAllowance",), roles.GOVERNANCE),
    ("Leases", ("setLeaseTerms",), roles.GOVERNANCE),
    ("Outcomes", ("setKind", "setConfirmer", "setEpochs"), roles.GOVERNANCE),
    ("Epochs", ("setEnrolmentAllowance", "setTerms", "setExperiments"), roles.GOVERNANCE),
    ("Experiments", ("fund",), roles.GOVERNANCE),
    ("Plans", ("setInvoiceConfirmer", "setInvoiceCap"), roles.GOVERNANCE),
    ("ProviderDesk", ("setProvider", "setRate", "setCaps"), roles.GOVERNANCE),
    ("Seats", ("grantSeat", "revokeSeat"), roles.GOVERNANCE),
)
"""Every function that asks the authority, and which role it asks for."""

ROLE_GUARDIANS: Final = ((roles.LIMITS, roles.GUARDIAN),)
"""Whose scheduled calls the members of another role may cancel."""

_CONTRACTS_BY_ROLE: Final = (
    (roles.GOVERNANCE, ("TimelockController", "Onboarding", "Guardian")),
    (roles.LEDGER, ("UsageLedger",)),
    (roles.BUDGETS, ("Budgets",)),
    (roles.REGISTRY, ("Registry",)),
    (roles.ISSUER, ("Epochs", "Plans", "ProviderDesk", "Corrections")),
    (roles.ESCROW, ("SwapMarket", "ProviderDesk", "Experiments")),
    (roles.STATE, ("Budgets", "Leases")),
    (roles.EXPERIMENTS, ("Experiments",)),
    (roles.WARDEN, ("Guardian", "MeterFreezes", "Appeals")),
    (roles.APPEALS, ("Appeals",)),
    (roles.CHARGER, ("UsageLedger", "Corrections")),
    (roles.INDEX, ("PriceIndex",)),
)


@dataclass(frozen=True, slots=True)
class Seat:
    """Somebody who votes, and the organisation they speak for by account id."""

    holder: str
    organisation: int


@dataclass(frozen=True, slots=True)
class Founding:
    """What is decided once for each network, beside its configuration."""

    network_id: bytes
    """32 bytes, not zero, different from every other network's."""
    validators: tuple[Validator, ...]
    registrar: str
    """The address that keeps resources and admits organisations."""
    guardian: str
    """The address that may stop things in an emergency."""
    seats: tuple[Seat, ...]
    """Who votes; without any, nothing can ever change."""


def list_members(addresses: Addresses, founding: Founding) -> list[tuple[int, str]]:
    """Every role with each of its holders, as they are once a network is handed over."""
    by_contract, by_field = addresses.by_contract(), asdict(addresses)
    contracts = [
        (role, by_contract[contract])
        for role, contracts in _CONTRACTS_BY_ROLE
        for contract in contracts
    ]
    places = [(roles.place_of(field), by_field[field]) for field in PLACES]
    people = [(roles.REGISTRAR, founding.registrar), (roles.GUARDIAN, founding.guardian)]
    return [*contracts, *places, *people]


def list_function_roles(addresses: Addresses) -> Iterator[tuple[str, str, tuple[str, ...], int]]:
    """Contract, address, functions and role, for every line of `ROLE_BY_FUNCTION`."""
    by_contract = addresses.by_contract()
    for contract, functions, role in ROLE_BY_FUNCTION:
        yield contract, by_contract[contract], functions, role
