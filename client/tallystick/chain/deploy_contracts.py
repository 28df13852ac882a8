"""Every contract of a network, deployed in the order in which they need one another."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import msgspec

from tallystick.chain.bindings.timelock import ANYONE
from tallystick.chain.calls import deployment
from tallystick.chain.config import NetworkConfig
from tallystick.chain.errors import DeploymentFailed
from tallystick.chain.network import CONTRACT_BY_FIELD, Addresses
from tallystick.chain.transact import TransactionSender

Parts = tuple[object, ...]
"""What a constructor takes."""
_NOWHERE: Final = Addresses(*("" for _ in CONTRACT_BY_FIELD))


def deploy_contracts(
    deployer: TransactionSender, network_id: bytes, config: NetworkConfig
) -> Addresses:
    """All contracts exist and know one another; the deployer administers authority and timelock.

    Raises:
        TransactionReverted: a contract refuses a value of the configuration.
    """
    at = _deploy_ledger(deployer, network_id, config)
    at = _deploy_economy(deployer, at, config)
    return _deploy_governance(deployer, at, config)


def _deploy_ledger(
    deployer: TransactionSender, network_id: bytes, config: NetworkConfig
) -> Addresses:
    leads = config.leads
    at = _deploy(deployer, _NOWHERE, "authority", deployer.address)
    at = _deploy(deployer, at, "cursors", at.authority, config.chain.longest_block_s)
    at = _deploy(deployer, at, "budget_state", at.authority)
    at = _deploy(deployer, at, "credits", at.authority)
    parts: Parts = (at.authority, network_id, at.cursors, at.budget_state, leads.rules_s)
    at = _deploy(deployer, at, "registry", *parts)
    parts = (at.authority, config.validators.minimum, leads.validators_s)
    at = _deploy(deployer, at, "validators", *parts)
    at = _deploy(deployer, at, "tariff", at.authority, at.registry, leads.tariff_s)
    parts = (at.authority, at.registry, at.budget_state, at.credits)
    at = _deploy(deployer, at, "budgets", *parts)
    at = _deploy(deployer, at, "leases", *parts, at.cursors)
    parts = (at.authority, at.registry, at.validators, at.tariff, at.cursors, at.budgets)
    return _deploy(deployer, at, "ledger", *parts)


def _deploy_economy(deployer: TransactionSender, at: Addresses, config: NetworkConfig) -> Addresses:
    known, epochs = (at.authority, at.registry), config.epochs
    parts: Parts = (*known, at.cursors, (epochs.genesis_s, epochs.length_s))
    at = _deploy(deployer, at, "outcomes", *parts)
    parts = (*known, at.budget_state, at.budgets, at.outcomes, at.cursors)
    terms = msgspec.structs.astuple(config.replenishment)
    at = _deploy(deployer, at, "epochs", *parts, terms)
    at = _deploy(deployer, at, "experiments", *known, at.budgets, at.epochs)
    at = _deploy(deployer, at, "plans", *known, at.budgets, at.outcomes)
    at = _deploy(deployer, at, "swap_market", *known, at.budgets)
    at = _deploy(deployer, at, "provider_desk", *known, at.budgets, config.leads.desk_s)
    parts = (at.authority, at.validators, at.tariff, config.index.epoch_s)
    at = _deploy(deployer, at, "price_index", *parts)
    at = _deploy(deployer, at, "corrections", *known, at.validators, at.budgets)
    return _deploy(deployer, at, "meter_freezes", *known, at.validators)


def _deploy_governance(
    deployer: TransactionSender, at: Addresses, config: NetworkConfig
) -> Addresses:
    rules, known = config.governance, (at.authority, at.registry)
    at = _deploy(deployer, at, "seats", at.authority)
    parts: Parts = (rules.timelock_s, [], [ANYONE], deployer.address)
    at = _deploy(deployer, at, "timelock", *parts)
    settings = (
        rules.voting_delay_s,
        rules.voting_period_s,
        rules.quorum_percent,
        rules.late_quorum_extension_s,
    )
    at = _deploy(deployer, at, "governor", at.seats, at.timelock, *settings)
    parts = (*known, at.seats, at.cursors, at.epochs, at.outcomes)
    at = _deploy(deployer, at, "appeals", *parts, config.appeals.window_s, config.appeals.voting_s)
    joining = (config.onboarding.allowance_ucr, config.onboarding.limits_delay_s)
    at = _deploy(deployer, at, "onboarding", *known, at.budgets, *joining)
    return _deploy(deployer, at, "guardian", *known, at.validators)


def _deploy(deployer: TransactionSender, at: Addresses, field: str, *args: object) -> Addresses:
    contract = CONTRACT_BY_FIELD[field]
    address = deployer.send(deployment(contract, *args)).contract_address
    if address is None:
        raise DeploymentFailed(f"a deployment of {contract} left no contract")
    return replace(at, **{field: address})
