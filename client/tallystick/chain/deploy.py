"""A network from nothing: contracts deployed, roles wired, first facts set, all of it read back."""

from __future__ import annotations

from dataclasses import dataclass, replace

from web3 import Web3

from tallystick.chain.bindings import authority as roles
from tallystick.chain.bindings.authority import Authority
from tallystick.chain.bindings.budgets import Budgets
from tallystick.chain.bindings.registry import Registry
from tallystick.chain.bindings.tariff import Tariff
from tallystick.chain.bindings.validators import Validators
from tallystick.chain.calls import deployment
from tallystick.chain.config import NetworkConfig, TariffConfig
from tallystick.chain.deployment_checks import check_deployment
from tallystick.chain.discovery import find_network
from tallystick.chain.errors import DeploymentFailed
from tallystick.chain.network import Addresses, Network
from tallystick.chain.transact import TransactionSender
from tallystick.chain.wiring import ROLE_BY_FUNCTION, Founding, list_members


def deploy_network(
    w3: Web3,
    governance: TransactionSender,
    registrar: TransactionSender,
    founding: Founding,
    config: NetworkConfig,
    tariff: TariffConfig,
) -> Network:
    """A network has contracts, roles, validators, rules, resources and rates, all read back.

    Args:
        w3: the chain, where nothing needs to exist.
        governance: becomes the authority's administrator.
        registrar: becomes the network's registrar of resources.
        founding: its identity and first members.
        config: from `load_network_config`.
        tariff: from `load_tariff_config`.

    Raises:
        TransactionReverted: a contract refuses a value of the configuration.
        DeploymentFailed: what reads back is not what was configured.
        ChainUnreachable: no answer; start again on a fresh chain, or `resend` the journal.
    """
    start_block = int(w3.eth.block_number)
    addresses = _deploy_contracts(governance, founding.network_id, config)
    _wire_roles(governance, addresses, registrar.address, founding.guardian)
    _set_first_facts(governance, addresses, founding, config)
    _register_resources(governance, registrar, addresses, tariff)
    check_deployment(w3, addresses, registrar.address, founding, config, tariff)
    return replace(find_network(w3, addresses.ledger), start_block=start_block)


@dataclass(frozen=True, slots=True)
class Organisation:
    """A new organisation: who controls it, who grants in it, and how much in all."""

    name: str
    controller: str
    registrar: str
    mint_allowance_ucr: int


def found_organisation(
    governance: TransactionSender, network: Network, organisation: Organisation
) -> int:
    """An organisation exists with a controller, a registrar and a mint allowance; gives its id.

    Raises:
        TransactionReverted: such as AlreadyExists where the name is taken.
    """
    create = Registry(network.addresses.registry).create_account(
        0, organisation.name, organisation.controller
    )
    organisation_id = governance.send(create).outcome
    role = roles.registrar_of(organisation_id)
    governance.send(Authority(network.addresses.authority).grant_role(role, organisation.registrar))
    allowance = Budgets(network.addresses.budgets).set_mint_allowance(
        organisation_id, organisation.mint_allowance_ucr
    )
    governance.send(allowance)
    return organisation_id


def _deploy_contracts(
    governance: TransactionSender, network_id: bytes, config: NetworkConfig
) -> Addresses:
    def deploy(contract: str, *args: object) -> str:
        address = governance.send(deployment(contract, *args)).contract_address
        if address is None:
            raise DeploymentFailed(f"a deployment of {contract} left no contract")
        return address

    authority = deploy("AccessManager", governance.address)
    cursors = deploy("Cursors", authority, config.chain.longest_block_s)
    state = deploy("BudgetState", authority)
    credit_ledger = deploy("Credits", authority)
    registry = deploy("Registry", authority, network_id, cursors, state, config.leads.rules_s)
    validators = deploy(
        "ValidatorSet", authority, config.validators.minimum, config.leads.validators_s
    )
    tariff = deploy("Tariff", authority, registry, config.leads.tariff_s)
    budgets = deploy("Budgets", authority, registry, state, credit_ledger)
    ledger = deploy("UsageLedger", authority, registry, validators, tariff, cursors, budgets)
    return Addresses(
        registry=registry,
        validators=validators,
        tariff=tariff,
        credits=credit_ledger,
        budgets=budgets,
        budget_state=state,
        cursors=cursors,
        ledger=ledger,
        authority=authority,
    )


def _wire_roles(
    governance: TransactionSender, addresses: Addresses, registrar: str, guardian: str
) -> None:
    authority = Authority(addresses.authority)
    by_contract = addresses.by_contract()
    functions = [
        authority.set_function_role(contract, by_contract[contract], names, role)
        for contract, names, role in ROLE_BY_FUNCTION
    ]
    members = [
        authority.grant_role(role, who)
        for role, who in list_members(addresses, registrar, guardian)
    ]
    governance.send(authority.all_of([*functions, *members]))


def _set_first_facts(
    governance: TransactionSender, addresses: Addresses, founding: Founding, config: NetworkConfig
) -> None:
    rules = config.rules
    governance.send(
        Registry(addresses.registry).set_rules(
            frame_versions=rules.frame_versions,
            defined_flags=rules.defined_flags,
            window_ms=rules.window_ms,
            ahead_ms=rules.ahead_ms,
        )
    )
    governance.send(Validators(addresses.validators).set_validators(founding.validators))


def _register_resources(
    governance: TransactionSender,
    registrar: TransactionSender,
    addresses: Addresses,
    tariff: TariffConfig,
) -> None:
    registry = Registry(addresses.registry)
    rates = {}
    for slug, resource in tariff.resources.items():
        register = registry.register_resource(
            slug,
            resource.kind_code(),
            resource.basis_code(),
            resource.index_class,
            tariff.bounds[resource.basis],
        )
        rates[registrar.send(register).outcome] = resource.rates
    governance.send(Tariff(addresses.tariff).set_rates(rates))
