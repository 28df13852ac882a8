"""What a deployment says of itself, held against what it was to be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from web3 import Web3

from tallystick.chain.artifacts import is_deployed_code, load_artifact
from tallystick.chain.bindings.authority import Authority
from tallystick.chain.bindings.registry import Registry
from tallystick.chain.bindings.tariff import Tariff
from tallystick.chain.bindings.validators import Validators
from tallystick.chain.calls import View
from tallystick.chain.config import NetworkConfig, TariffConfig
from tallystick.chain.discovery import find_network
from tallystick.chain.errors import DeploymentFailed
from tallystick.chain.network import Addresses
from tallystick.chain.reader import ask_many, expect, read_together
from tallystick.chain.wiring import ROLE_BY_FUNCTION, Founding, list_members


def check_deployment(
    w3: Web3,
    addresses: Addresses,
    registrar: str,
    founding: Founding,
    config: NetworkConfig,
    tariff: TariffConfig,
) -> None:
    """Code, addresses, roles and first facts on chain are those configured.

    Raises:
        DeploymentFailed: one is not.
    """
    check_code(w3, addresses)
    _check_addresses(w3, addresses)
    _check_roles(w3, addresses, list_members(addresses, registrar, founding.guardian))
    _check_facts(w3, addresses, founding, config)
    _check_rates(w3, addresses, tariff)


def check_code(w3: Web3, addresses: Addresses) -> None:
    """Every contract's code on the chain is its artifact's, immutables aside.

    Raises:
        DeploymentFailed: one is not.
    """
    contracts = addresses.by_contract()
    calls = [("eth_getCode", (address, "latest")) for address in contracts.values()]
    for (contract, address), answer in zip(contracts.items(), ask_many(w3, calls), strict=True):
        if not is_deployed_code(load_artifact(contract), bytes.fromhex(expect(answer)[2:])):
            raise DeploymentFailed(f"the code at {address} is not {contract}")


def _check_addresses(w3: Web3, addresses: Addresses) -> None:
    found = find_network(w3, addresses.ledger).addresses
    _compare("addresses", asdict(addresses), asdict(found))


def _check_roles(w3: Web3, addresses: Addresses, members: Sequence[tuple[int, str]]) -> None:
    authority = Authority(addresses.authority)
    by_contract = addresses.by_contract()
    role_by_function = {
        (contract, name): role for contract, names, role in ROLE_BY_FUNCTION for name in names
    }
    views: list[View[Any]] = [
        authority.role_of(contract, by_contract[contract], name)
        for contract, name in role_by_function
    ]
    views += [authority.has_role(role, who) for role, who in members]
    _, found = read_together(w3, views)
    _compare("roles", [*role_by_function.values(), *(True for _ in members)], found)


def _check_facts(w3: Web3, addresses: Addresses, founding: Founding, config: NetworkConfig) -> None:
    registry, validators = Registry(addresses.registry), Validators(addresses.validators)
    tariff = Tariff(addresses.tariff)
    configured = {
        "network_id": founding.network_id,
        "rules_lead_s": config.leads.rules_s,
        "validators_lead_s": config.leads.validators_s,
        "tariff_lead_s": config.leads.tariff_s,
        "validators_minimum": config.validators.minimum,
    }
    _, (rules, (members, _), *values) = read_together(
        w3,
        [
            registry.rules_of(1),
            validators.validators_of(1),
            registry.network_id(),
            registry.rules_lead_s(),
            validators.lead_s(),
            tariff.lead_s(),
            validators.minimum_size(),
        ],
    )
    _compare("parameters", list(configured.values()), values)
    expected = config.rules
    _compare(
        "rules",
        (
            expected.frame_versions,
            expected.defined_flags,
            expected.window_ms,
            expected.ahead_ms,
            0,
        ),
        tuple(asdict(rules).values()),
    )
    _compare("validators", founding.validators, members)


def _check_rates(w3: Web3, addresses: Addresses, tariff: TariffConfig) -> None:
    registry = Registry(addresses.registry)
    _, ids = read_together(w3, [registry.resource_by_slug(slug) for slug in tariff.resources])
    contract = Tariff(addresses.tariff)
    _, voted = read_together(w3, [contract.voted_rates_at(resource, 0) for resource in ids])
    configured = [resource.rates for resource in tariff.resources.values()]
    _compare("rates", configured, [rates for rates, _ in voted])


def _compare(what: str, configured: object, found: object) -> None:
    if configured != found:
        raise DeploymentFailed(
            f"the {what} on chain are not those configured",
            expected=str(configured),
            actual=str(found),
        )
