"""Every contract of a network, deployed in the order in which they need one another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import msgspec

from tallystick.chain.bindings.timelock import ANYONE
from tallystick.chain.calls import Write, deployment
from tallystick.chain.config import NetworkConfig
from tallystick.chain.errors import DeploymentFailed
from tallystick.chain.network import CONTRACT_BY_FIELD, Addresses
from tallystick.chain.transact import TransactionSender


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


def deploy_contracts(
    deployer: TransactionSender, network_id: bytes, config: NetworkConfig
) -> Addresses:
    """All contracts exist and know one another; the deployer administers authority and timelock.

    Raises:
        TransactionReverted: a contract refuses a value of the configuration.
    """
    plan = Plan(deployer.address, network_id, config)
    addresses = Addresses(*("" for _ in CONTRACT_BY_FIELD))
    for field in _GIVEN_BY_FIELD:
        address = deployer.send(describe_creation(field, addresses, plan)).contract_address
        if address is None:
            raise DeploymentFailed(f"a deployment of {CONTRACT_BY_FIELD[field]} left no contract")
        addresses = replace(addresses, **{field: address})
    return addresses
