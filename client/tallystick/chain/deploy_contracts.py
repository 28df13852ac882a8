"""Every contract of a network, in the order in which they need one another.

Where a contract will lie follows from who deploys it and by how manieth transaction, so that each
can be told of all before it while none is mined yet.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from tallystick.chain.bindings.timelock import ANYONE
from tallystick.chain.calls import Write, deployment
from tallystick.chain.config import NetworkConfig
from tallystick.chain.network import CONTRACT_BY_FIELD, Addresses
from tallystick.chain.signing import encode_list
from tallystick.core.hashes import compute_keccak256

ADDRESS_BYTES: Final = 20


@dataclass(frozen=True, slots=True)
class Plan:
    """What constructors are told besides other contracts."""

    deployer: str
    """Administers authority and timelock until the hand-over."""
    network_id: bytes
    config: NetworkConfig


_GIVEN_BY_FIELD: Final[Mapping[str, Callable[[Addresses, Plan], tuple[object, ...]]]] = {
    "authority": lambda _, plan: (plan.deployer,),
    "cursors": lambda at, plan: (at.authority, plan.config.chain.longest_block_s),
    "budget_state": lambda at, _: (at.authority,),
    "credits": lambda at, _: (at.authority,),
    "registry": lambda at, plan: (
        *(at.authority, plan.network_id, at.cursors, at.budget_state),
        plan.config.leads.rules_s,
    ),
    "validators": lambda at, plan: (
        *(at.authority, plan.config.validators.minimum),
        plan.config.leads.validators_s,
    ),
    "tariff": lambda at, plan: (at.authority, at.registry, plan.config.leads.tariff_s),
    "budgets": lambda at, _: (at.authority, at.registry, at.budget_state, at.credits),
    "leases": lambda at, _: (at.authority, at.registry, at.budget_state, at.credits, at.cursors),
    "ledger": lambda at, _: (
        *(at.authority, at.registry, at.validators, at.tariff, at.cursors),
        at.budgets,
    ),
    "outcomes": lambda at, plan: (
        *(at.authority, at.registry, at.cursors),
        msgspec.structs.astuple(plan.config.epochs),
    ),
    "epochs": lambda at, plan: (
        *(at.authority, at.registry, at.budget_state, at.budgets, at.outcomes, at.cursors),
        msgspec.structs.astuple(plan.config.replenishment),
    ),
    "experiments": lambda at, _: (at.authority, at.registry, at.budgets, at.epochs),
    "plans": lambda at, _: (at.authority, at.registry, at.budgets, at.outcomes),
    "swap_market": lambda at, _: (at.authority, at.registry, at.budgets),
    "provider_desk": lambda at, plan: (
        *(at.authority, at.registry, at.budgets),
        plan.config.leads.desk_s,
    ),
    "price_index": lambda at, plan: (
        *(at.authority, at.validators, at.tariff),
        plan.config.index.epoch_s,
    ),
    "corrections": lambda at, _: (at.authority, at.registry, at.validators, at.budgets),
    "meter_freezes": lambda at, _: (at.authority, at.registry, at.validators),
    "seats": lambda at, _: (at.authority,),
    "timelock": lambda _, plan: (
        *(plan.config.governance.timelock_s, [], [ANYONE]),
        plan.deployer,
    ),
    "governor": lambda at, plan: (
        *(at.seats, at.timelock),
        *(plan.config.governance.voting_delay_s, plan.config.governance.voting_period_s),
        plan.config.governance.quorum_percent,
        plan.config.governance.late_quorum_extension_s,
    ),
    "appeals": lambda at, plan: (
        *(at.authority, at.registry, at.seats, at.cursors, at.epochs, at.outcomes),
        *msgspec.structs.astuple(plan.config.appeals),
    ),
    "onboarding": lambda at, plan: (
        *(at.authority, at.registry, at.budgets),
        *msgspec.structs.astuple(plan.config.onboarding),
    ),
    "guardian": lambda at, _: (at.authority, at.registry, at.validators),
}
"""What each constructor is given, in the order of deployment: each knows those before it."""


def describe_creation(field: str, addresses: Addresses, plan: Plan) -> Write[None]:
    """The transaction that deploys the contract of this field.

    Args:
        field: of `Addresses`.
        addresses: of the contracts before it, at least.
        plan: what else it is told.
    """
    return deployment(CONTRACT_BY_FIELD[field], *_GIVEN_BY_FIELD[field](addresses, plan))


def list_creations(addresses: Addresses, plan: Plan) -> list[Write[None]]:
    """The transactions that deploy all contracts, in their order; one nonce each."""
    return [describe_creation(field, addresses, plan) for field in _GIVEN_BY_FIELD]


def compute_addresses(deployer: str, first_nonce: int) -> Addresses:
    """Where the contracts of `list_creations` will lie.

    Args:
        deployer: the address that sends them.
        first_nonce: of the first of them.
    """
    return Addresses(
        **{
            field: compute_contract_address(deployer, first_nonce + place)
            for place, field in enumerate(_GIVEN_BY_FIELD)
        }
    )


def compute_contract_address(deployer: str, nonce: int) -> str:
    """Where the contract that a transaction deploys will lie, lower case.

    Source: Ethereum yellow paper, section 7.
    """
    number = nonce.to_bytes((nonce.bit_length() + 7) // 8, "big")
    digest = compute_keccak256(encode_list([bytes.fromhex(deployer[2:]), number]))
    return f"0x{digest[-ADDRESS_BYTES:].hex()}"
