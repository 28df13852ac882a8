"""What identifies a network, and where its contracts lie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final

CONTRACT_BY_FIELD: Final[Mapping[str, str]] = {
    "registry": "Registry",
    "validators": "ValidatorSet",
    "tariff": "Tariff",
    "credits": "Credits",
    "budgets": "Budgets",
    "budget_state": "BudgetState",
    "cursors": "Cursors",
    "ledger": "UsageLedger",
    "authority": "AccessManager",
    "leases": "Leases",
    "outcomes": "Outcomes",
    "epochs": "Epochs",
    "experiments": "Experiments",
    "plans": "Plans",
    "swap_market": "SwapMarket",
    "provider_desk": "ProviderDesk",
    "price_index": "PriceIndex",
    "corrections": "Corrections",
    "meter_freezes": "MeterFreezes",
    "seats": "Seats",
    "timelock": "TimelockController",
    "governor": "NetworkGovernor",
    "appeals": "Appeals",
    "onboarding": "Onboarding",
    "guardian": "Guardian",
}
PLACES: Final = tuple(CONTRACT_BY_FIELD)[9:]
"""The fields that the ledger does not lead to, in the order of their places in the authority."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a network's contracts are: 0x and 40 lower-case hex digits each."""

    registry: str
    validators: str
    tariff: str
    credits: str
    budgets: str
    budget_state: str
    cursors: str
    ledger: str
    authority: str
    leases: str
    outcomes: str
    epochs: str
    experiments: str
    plans: str
    swap_market: str
    provider_desk: str
    price_index: str
    corrections: str
    meter_freezes: str
    seats: str
    timelock: str
    governor: str
    appeals: str
    onboarding: str
    guardian: str

    def by_contract(self) -> Mapping[str, str]:
        """Addresses by the name of the contract that lies there."""
        return {CONTRACT_BY_FIELD[name]: address for name, address in asdict(self).items()}


@dataclass(frozen=True, slots=True)
class Network:
    """One deployment on one chain.

    `start_block` is a block before which no contract of the network existed, 0 where unknown.
    """

    chain_id: int
    network_id: bytes
    addresses: Addresses
    genesis_hash: str
    start_block: int
    former_ledgers: tuple[str, ...] = ()
    """Ledgers that a vote replaced, in the order of their time; what they settled stays settled."""

    @property
    def ledgers(self) -> tuple[str, ...]:
        """Every ledger there was, the one in force last."""
        return (*self.former_ledgers, self.addresses.ledger)
