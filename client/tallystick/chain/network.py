"""What identifies a network, and how all of it is found from its ledger's address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

_CONTRACT_BY_FIELD = {
    "registry": "Registry",
    "validators": "ValidatorSet",
    "tariff": "Tariff",
    "credits": "Credits",
    "budgets": "Budgets",
    "budget_state": "BudgetState",
    "cursors": "Cursors",
    "ledger": "UsageLedger",
    "authority": "AccessManager",
}


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

    def by_contract(self) -> Mapping[str, str]:
        """Addresses by the name of the contract that lies there."""
        return {_CONTRACT_BY_FIELD[name]: address for name, address in asdict(self).items()}


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
