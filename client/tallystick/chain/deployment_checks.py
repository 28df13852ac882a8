"""What a deployment says of itself, held against what it was to be."""

from __future__ import annotations

from dataclasses import asdict

from web3 import Web3

from tallystick.chain.artifacts import is_deployed_code, load_artifact
from tallystick.chain.bindings.registry import Registry
from tallystick.chain.bindings.tariff import Tariff
from tallystick.chain.bindings.validators import Validators
from tallystick.chain.config import NetworkConfig, TariffConfig
from tallystick.chain.creation_checks import check_creations
from tallystick.chain.discovery import find_network
from tallystick.chain.errors import DeploymentFailed
from tallystick.chain.network import Addresses
from tallystick.chain.power_checks import check_powers, expect_same
from tallystick.chain.reader import ask_many, expect, read_together
from tallystick.chain.wiring import Founding


def check_deployment(
    w3: Web3,
    addresses: Addresses,
    founding: Founding,
    config: NetworkConfig,
    tariff: TariffConfig,
    *,
    start_block: int = 0,
) -> None:
    """Code, addresses, powers and first facts on chain are those configured.

    Raises:
        DeploymentFailed: one is not.
    """
    check_code(w3, addresses)
    check_creations(w3, addresses, founding, config, start_block=start_block)
    _check_addresses(w3, addresses)
    check_powers(w3, addresses, founding, start_block=start_block)
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
    expect_same("addresses", asdict(addresses), asdict(found))


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
    expect_same("parameters", list(configured.values()), values)
    expected = config.rules
    expect_same(
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
    expect_same("validators", founding.validators, members)


def _check_rates(w3: Web3, addresses: Addresses, tariff: TariffConfig) -> None:
    registry = Registry(addresses.registry)
    _, ids = read_together(w3, [registry.resource_by_slug(slug) for slug in tariff.resources])
    contract = Tariff(addresses.tariff)
    _, voted = read_together(w3, [contract.voted_rates_at(resource, 0) for resource in ids])
    configured = [resource.rates for resource in tariff.resources.values()]
    expect_same("rates", configured, [rates for rates, _ in voted])
