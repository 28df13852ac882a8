"""Who can do what in a network, told from everything that was ever logged by its contracts.

The authority and the timelock keep no lists of members. Their events do: replayed from the
deployment on they give every role's members, every function's role, and whatever else could be a
power left behind. Asking `hasRole` of those who should have a role would not find one too many.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from web3 import Web3

from tallystick.chain.abi import load_functions
from tallystick.chain.bindings.governor import Governor
from tallystick.chain.bindings.seats import Seats
from tallystick.chain.bindings.timelock import ADMIN, ANYONE, CANCELLER, EXECUTOR, PROPOSER
from tallystick.chain.calls import View, first, view
from tallystick.chain.decode import Event, EventDecoder
from tallystick.chain.errors import DeploymentFailed
from tallystick.chain.network import Addresses
from tallystick.chain.reader import ask, expect, read_together
from tallystick.chain.wiring import (
    ROLE_GUARDIANS,
    Founding,
    list_function_roles,
    list_members,
)

FOUNDING_EVENTS: Final = frozenset(
    {
        ("AccessManager", "RoleGranted"),
        ("AccessManager", "RoleRevoked"),
        ("AccessManager", "RoleGuardianChanged"),
        ("AccessManager", "TargetFunctionRoleUpdated"),
        ("TimelockController", "RoleGranted"),
        ("TimelockController", "RoleRevoked"),
        ("TimelockController", "MinDelayChange"),
        ("NetworkGovernor", "TimelockChange"),
        ("NetworkGovernor", "VotingDelaySet"),
        ("NetworkGovernor", "VotingPeriodSet"),
        ("NetworkGovernor", "ProposalThresholdSet"),
        ("NetworkGovernor", "QuorumNumeratorUpdated"),
        ("NetworkGovernor", "LateQuorumVoteExtensionSet"),
        ("Seats", "SeatGranted"),
        ("Seats", "DelegateChanged"),
        ("Seats", "DelegateVotesChanged"),
        ("Registry", "RulesSet"),
        ("Registry", "ResourceSet"),
        ("ValidatorSet", "ValidatorSetChanged"),
        ("Tariff", "RatesSet"),
        ("Outcomes", "KindSet"),
        ("Outcomes", "EpochsSet"),
        ("Outcomes", "SeedCaptured"),
        ("Epochs", "TermsSet"),
        ("Epochs", "ExperimentsSet"),
        ("Leases", "LeaseTermsSet"),
    }
)
"""All that a founding says: no account, no credit, no scheduled call, no role's admin."""
MANAGED: Final = "AuthorityUpdated"
"""Every contract says so once; that it is the one authority is read from each."""


def check_powers(w3: Web3, addresses: Addresses, founding: Founding, *, start_block: int) -> None:
    """Every power lies where the wiring puts it, and nobody has any other.

    Args:
        w3: the chain.
        addresses: of a network that was just handed over.
        founding: its first members.
        start_block: before its first contract.

    Raises:
        DeploymentFailed: a role, a member, a function's role or a seat is another, or something
            happened that is no part of a founding.
    """
    events = read_events(w3, addresses, start_block)
    _check_kinds(events)
    by_contract: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        by_contract[event.contract].append(event)
    authority = by_contract["AccessManager"]
    expect_same("roles", _group(list_members(addresses, founding)), replay_members(authority))
    _check_delays(authority)
    _check_functions(addresses, authority)
    guardians = {
        (event.args["roleId"], event.args["guardian"])
        for event in authority
        if event.name == "RoleGuardianChanged"
    }
    expect_same("roles' guardians", set(ROLE_GUARDIANS), guardians)
    _check_timelock(addresses, by_contract["TimelockController"])
    _check_parts(w3, addresses, founding)


def read_events(w3: Web3, addresses: Addresses, start_block: int) -> list[Event]:
    """Everything that the network's contracts have logged since a block."""
    wanted = {"address": sorted(addresses.by_contract().values()), "fromBlock": hex(start_block)}
    decoder = EventDecoder(addresses)
    return [decoder.decode(log) for log in expect(ask(w3, "eth_getLogs", (wanted,)))]


def replay_members(events: Iterable[Event], role: str = "roleId") -> dict[Any, set[str]]:
    """Who holds each role after these grants and revocations."""
    members: dict[Any, set[str]] = defaultdict(set)
    for event in events:
        if event.name == "RoleGranted":
            members[event.args[role]].add(event.args["account"])
        elif event.name == "RoleRevoked":
            members[event.args[role]].discard(event.args["account"])
    return {role: accounts for role, accounts in members.items() if accounts}


def expect_same(what: str, configured: object, found: object) -> None:
    """Both are the same.

    Raises:
        DeploymentFailed: they are not.
    """
    if configured != found:
        raise DeploymentFailed(
            f"the {what} on chain are not those configured",
            expected=str(configured),
            actual=str(found),
        )


def _check_kinds(events: Sequence[Event]) -> None:
    found = {(event.contract, event.name) for event in events}
    odd = sorted(kind for kind in found - FOUNDING_EVENTS if kind[1] != MANAGED)
    if odd:
        raise DeploymentFailed(
            "something happened that is no part of a founding",
            actual=", ".join(".".join(kind) for kind in odd),
        )


def _check_delays(events: Iterable[Event]) -> None:
    delayed = [
        (event.args["roleId"], event.args["account"], event.args["delay"])
        for event in events
        if event.name == "RoleGranted" and event.args["delay"]
    ]
    expect_same("delays of roles", [], delayed)


def _check_functions(addresses: Addresses, events: Iterable[Event]) -> None:
    configured = {
        (address, load_functions(contract)[name].selector): role
        for contract, address, names, role in list_function_roles(addresses)
        for name in names
    }
    found = {
        (event.args["target"], event.args["selector"]): event.args["roleId"]
        for event in events
        if event.name == "TargetFunctionRoleUpdated"
    }
    expect_same("functions' roles", configured, found)


def _check_timelock(addresses: Addresses, events: Iterable[Event]) -> None:
    configured = {
        ADMIN: {addresses.timelock},
        PROPOSER: {addresses.governor},
        CANCELLER: {addresses.governor},
        EXECUTOR: {ANYONE},
    }
    expect_same("timelock's roles", configured, replay_members(events, "role"))


def _check_parts(w3: Web3, addresses: Addresses, founding: Founding) -> None:
    """Contracts ask the one authority, the governor its seats and timelock; nobody else has one."""
    managed = {
        contract: address
        for contract, address in addresses.by_contract().items()
        if "setAuthority" in load_functions(contract)
    }
    governor, seats = Governor(addresses.governor), Seats(addresses.seats)
    views: list[View[Any]] = [
        view(contract, address, "authority", shape=first) for contract, address in managed.items()
    ]
    views += [seats.organisation_of(seat.holder) for seat in founding.seats]
    _, (voters, timelock, holders, *values) = read_together(
        w3, [governor.seats(), governor.timelock(), seats.holders(), *views]
    )
    expect_same("governor's parts", (addresses.seats, addresses.timelock), (voters, timelock))
    expect_same("seats", {seat.holder for seat in founding.seats}, set(holders))
    organisations = [seat.organisation for seat in founding.seats]
    expect_same("authorities", [*(addresses.authority for _ in managed), *organisations], values)


def _group(members: Sequence[tuple[int, str]]) -> Mapping[int, set[str]]:
    grouped: dict[int, set[str]] = defaultdict(set)
    for role, who in members:
        grouped[role].add(who)
    return dict(grouped)
