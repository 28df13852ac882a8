"""A network from nothing: deployed, first facts set, roles wired, handed over, all of it read back.

Whoever deploys administers the authority until the hand-over, and keeps nothing. What was done
until then is bounded by what `check_deployment` finds on the chain: no other event than those of
the steps below, no other role, no scheduled call.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from web3 import Web3

from tallystick.chain.bindings import authority as roles
from tallystick.chain.bindings.authority import Authority
from tallystick.chain.bindings.registry import Registry
from tallystick.chain.bindings.seats import Seats
from tallystick.chain.bindings.tariff import Tariff
from tallystick.chain.bindings.timelock import ADMIN, CANCELLER, PROPOSER, Timelock
from tallystick.chain.bindings.validators import Validators
from tallystick.chain.calls import Write, nothing, write
from tallystick.chain.config import NetworkConfig, TariffConfig
from tallystick.chain.deploy_contracts import Plan, compute_addresses, list_creations
from tallystick.chain.deployment_checks import check_deployment
from tallystick.chain.discovery import find_network
from tallystick.chain.network import Addresses, Network
from tallystick.chain.transact import TransactionSender
from tallystick.chain.wiring import (
    ROLE_GUARDIANS,
    Founding,
    list_function_roles,
    list_members,
)


def deploy_network(
    w3: Web3,
    deployer: TransactionSender,
    founding: Founding,
    config: NetworkConfig,
    tariff: TariffConfig,
    *,
    first_nonce: int | None = None,
    start_block: int | None = None,
) -> Network:
    """A network is in its members' hands, all read back; the deployer can do nothing in it.

    Args:
        w3: the chain, where nothing needs to exist.
        deployer: pays; its key is worthless afterwards.
        founding: its identity and first members.
        config: from `load_network_config`.
        tariff: from `load_tariff_config`.
        first_nonce: of the deployer's first transaction; given again with the same founding, what
            a former call left undone is done, and nothing is deployed twice.
        start_block: the newest block before that transaction.

    Raises:
        TransactionReverted: a contract refuses a value of the configuration.
        DeploymentFailed: what reads back is not what was configured.
        ChainUnreachable: no answer; start again on a fresh chain, with the same `first_nonce`, or
            `resend` the journal.
    """
    before = int(w3.eth.block_number) if start_block is None else start_block
    first = deployer.read_nonce() if first_nonce is None else first_nonce
    plan = Plan(deployer.address, founding.network_id, config)
    addresses = compute_addresses(deployer.address, first)
    deployer.send_all(
        [
            *list_creations(addresses, plan),
            set_first_facts(addresses, founding, config, tariff),
            wire_roles(addresses, founding),
            *hand_over(addresses, deployer.address),
        ],
        first_nonce=first,
    )
    check_deployment(w3, addresses, founding, config, tariff, start_block=before)
    return replace(find_network(w3, addresses.ledger), start_block=before)


def set_first_facts(
    addresses: Addresses, founding: Founding, config: NetworkConfig, tariff: TariffConfig
) -> Write[None]:
    """Rules, validators, resources, rates, kinds of outcome, terms and seats become as configured.

    Before roles are wired every restricted function is the administrator's.
    """
    authority = Authority(addresses.authority)
    facts = [
        *_list_ledger_facts(addresses, founding, config),
        *_list_tariff_facts(addresses, tariff),
        *_list_economy_facts(addresses, config),
        *(
            Seats(addresses.seats).grant_seat(seat.holder, seat.organisation)
            for seat in founding.seats
        ),
    ]
    return authority.all_of([authority.execute(fact) for fact in facts])


def wire_roles(addresses: Addresses, founding: Founding) -> Write[None]:
    """Functions ask for their roles, and every role but the deployer's own gets its holders."""
    authority = Authority(addresses.authority)
    functions = [
        authority.set_function_role(contract, address, names, role)
        for contract, address, names, role in list_function_roles(addresses)
    ]
    guardians = [authority.set_role_guardian(role, guardian) for role, guardian in ROLE_GUARDIANS]
    members = [authority.grant_role(role, who) for role, who in list_members(addresses, founding)]
    return authority.all_of([*functions, *guardians, *members])


def hand_over(addresses: Addresses, deployer: str) -> list[Write[Any]]:
    """The deployer keeps nothing: votes alone move the timelock, and the timelock the authority."""
    timelock = Timelock(addresses.timelock)
    return [
        timelock.grant_role(PROPOSER, addresses.governor),
        timelock.grant_role(CANCELLER, addresses.governor),
        timelock.renounce_role(ADMIN, deployer),
        Authority(addresses.authority).renounce_role(roles.GOVERNANCE, deployer),
    ]


def _list_ledger_facts(
    addresses: Addresses, founding: Founding, config: NetworkConfig
) -> Iterator[Write[Any]]:
    rules = config.rules
    yield Registry(addresses.registry).set_rules(
        frame_versions=rules.frame_versions,
        defined_flags=rules.defined_flags,
        window_ms=rules.window_ms,
        ahead_ms=rules.ahead_ms,
    )
    yield Validators(addresses.validators).set_validators(founding.validators)


def _list_tariff_facts(addresses: Addresses, tariff: TariffConfig) -> Iterator[Write[Any]]:
    registry = Registry(addresses.registry)
    for slug, resource in tariff.resources.items():
        yield registry.register_resource(
            slug,
            resource.kind_code(),
            resource.basis_code(),
            resource.index_class,
            tariff.bounds[resource.basis],
        )
    rates = (resource.rates for resource in tariff.resources.values())
    yield Tariff(addresses.tariff).set_rates(dict(enumerate(rates, start=1)))


def _list_economy_facts(addresses: Addresses, config: NetworkConfig) -> Iterator[Write[Any]]:
    outcomes, epochs, leases = addresses.outcomes, addresses.epochs, config.leases
    for name, kind in config.outcome_kinds.items():
        terms = (kind.uusd_per_unit, kind.attribution_s, 0)
        yield _call("Outcomes", outcomes, "setKind", kind.id, name, *terms)
    yield _call("Outcomes", outcomes, "setEpochs", epochs)
    yield _call("Epochs", epochs, "setExperiments", addresses.experiments)
    terms = (leases.share_ppm, leases.max_ttl_s, leases.grace_s)
    yield _call("Leases", addresses.leases, "setLeaseTerms", *terms)


def _call(contract: str, to: str, function: str, *args: object) -> Write[None]:
    return write(contract, to, function, *args, outcome=nothing)
