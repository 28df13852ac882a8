"""Nobody keeps a power that the wiring does not give: each that is left behind is found."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from eth_account import Account
from tests.integration.anvil import run_anvil
from tests.integration.deployed import create_validators, describe_validators, found_with
from web3 import Web3

from tallystick.chain.bindings import authority as roles
from tallystick.chain.bindings import timelock as waiting
from tallystick.chain.bindings.authority import Authority
from tallystick.chain.bindings.budgets import Budgets
from tallystick.chain.bindings.registry import Registry
from tallystick.chain.bindings.seats import Seats
from tallystick.chain.bindings.tariff import Tariff
from tallystick.chain.bindings.timelock import Timelock
from tallystick.chain.calls import Write, nothing, write
from tallystick.chain.config import load_network_config, load_tariff_config
from tallystick.chain.deploy import hand_over, set_first_facts, wire_roles
from tallystick.chain.deploy_contracts import Plan, compute_addresses, list_creations
from tallystick.chain.errors import DeploymentFailed, TransactionReverted
from tallystick.chain.network import Addresses
from tallystick.chain.power_checks import check_powers
from tallystick.chain.reader import ask, connect
from tallystick.chain.transact import TransactionSender
from tallystick.chain.wiring import Founding

pytestmark = pytest.mark.integration


@dataclass(frozen=True)
class Unhanded:
    """A network that is complete but for the hand-over."""

    w3: Web3
    deployer: TransactionSender
    addresses: Addresses
    founding: Founding

    @property
    def authority(self) -> Authority:
        """The network's."""
        return Authority(self.addresses.authority)

    def hand_over(self) -> None:
        """The deployer has given everything away that it knows of."""
        self.deployer.send_all(hand_over(self.addresses, self.deployer.address))

    def check(self) -> None:
        """Read back."""
        check_powers(self.w3, self.addresses, self.founding, start_block=0)


@pytest.fixture(scope="module")
def founded_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Unhanded]:
    with run_anvil(tmp_path_factory.mktemp("chain")) as url:
        w3, config, tariff = connect(url), load_network_config(), load_tariff_config()
        founding, _ = found_with(w3, describe_validators(create_validators(4)))
        deployer = TransactionSender(w3, Account.create())
        addresses = compute_addresses(deployer.address, deployer.read_nonce())
        plan = Plan(deployer.address, founding.network_id, config)
        deployer.send_all(
            [
                *list_creations(addresses, plan),
                set_first_facts(addresses, founding, config, tariff),
                wire_roles(addresses, founding),
            ]
        )
        yield Unhanded(w3, deployer, addresses, founding)


@pytest.fixture
def unhanded(founded_once: Unhanded) -> Iterator[Unhanded]:
    """What a test does to the chain is undone."""
    snapshot = ask(founded_once.w3, "evm_snapshot", ())
    yield founded_once
    ask(founded_once.w3, "evm_revert", (snapshot,))


def test_powers_are_found_complete_when_all_is_handed_over(unhanded: Unhanded) -> None:
    unhanded.hand_over()
    unhanded.check()


def test_powers_are_refused_when_nothing_is_handed_over(unhanded: Unhanded) -> None:
    with pytest.raises(DeploymentFailed, match="roles"):
        unhanded.check()


def test_deployer_can_do_nothing_when_all_is_handed_over(unhanded: Unhanded) -> None:
    unhanded.hand_over()
    at, who = unhanded.addresses, unhanded.deployer.address
    timelock = Timelock(at.timelock)
    attempts: list[Write[Any]] = [
        unhanded.authority.grant_role(roles.GOVERNANCE, who),
        unhanded.authority.grant_role(roles.LIMITS, who),
        timelock.grant_role(waiting.PROPOSER, who),
        timelock.set_delay(0),
        Seats(at.seats).grant_seat(who, 1),
        Registry(at.registry).create_account(0, "mine", who),
        Tariff(at.tariff).set_index("h100", 1_000_000, from_ms=0),
        Budgets(at.budgets).set_mint_allowance(1, 1),
    ]
    for attempt in attempts:
        with pytest.raises(TransactionReverted):
            unhanded.deployer.send(attempt)


PLANTS: dict[str, Callable[[Unhanded], Write[Any]]] = {
    "a role of the deployer's": lambda n: n.authority.grant_role(roles.LIMITS, n.deployer.address),
    "another administrator": lambda n: n.authority.grant_role(
        roles.GOVERNANCE, n.founding.registrar
    ),
    "an organisation's registrar": lambda n: n.authority.grant_role(
        roles.registrar_of(1), n.deployer.address
    ),
    "an unknown role": lambda n: n.authority.grant_role(77, n.deployer.address),
    "a role taken from a contract": lambda n: n.authority.revoke_role(
        roles.WARDEN, n.addresses.meter_freezes
    ),
    "a place taken by another contract": lambda n: n.authority.grant_role(
        roles.place_of("epochs"), n.addresses.plans
    ),
    "a function of another role": lambda n: n.authority.set_function_role(
        "Tariff", n.addresses.tariff, ["setRates"], roles.REGISTRAR
    ),
    "a function of the authority's": lambda n: n.authority.set_function_role(
        "Tariff", n.addresses.authority, ["setRates"], roles.REGISTRAR
    ),
    "a role's administrator": lambda n: write(
        "AccessManager",
        n.addresses.authority,
        "setRoleAdmin",
        roles.LIMITS,
        roles.GUARDIAN,
        outcome=nothing,
    ),
    "a role's guardian": lambda n: n.authority.set_role_guardian(roles.LIMITS, roles.REGISTRAR),
    "a closed contract": lambda n: write(
        "AccessManager",
        n.addresses.authority,
        "setTargetClosed",
        n.addresses.budgets,
        True,
        outcome=nothing,
    ),
    "a proposer of the timelock": lambda n: Timelock(n.addresses.timelock).grant_role(
        waiting.PROPOSER, n.deployer.address
    ),
    "a seat": lambda n: n.authority.execute(
        Seats(n.addresses.seats).grant_seat(n.deployer.address, 1)
    ),
    "an allowance": lambda n: n.authority.execute(
        Budgets(n.addresses.budgets).set_mint_allowance(1, 1)
    ),
}


@pytest.mark.parametrize("plant", PLANTS.values(), ids=PLANTS.keys())
def test_powers_are_refused_when_one_is_left_behind(
    unhanded: Unhanded, plant: Callable[[Unhanded], Write[Any]]
) -> None:
    unhanded.deployer.send(plant(unhanded))
    unhanded.hand_over()
    with pytest.raises(DeploymentFailed):
        unhanded.check()


def test_powers_are_refused_when_the_timelock_waits_with_a_call(unhanded: Unhanded) -> None:
    """Scheduled while it could, executed by anyone once it has ripened."""
    at, deployer = unhanded.addresses, unhanded.deployer
    timelock = Timelock(at.timelock)
    call = unhanded.authority.grant_role(roles.GOVERNANCE, deployer.address)
    values = (call.to, 0, call.data, bytes(32), bytes(32), 1)
    deployer.send(timelock.grant_role(waiting.PROPOSER, deployer.address))
    deployer.send(write("TimelockController", at.timelock, "schedule", *values, outcome=nothing))
    deployer.send(timelock.revoke_role(waiting.PROPOSER, deployer.address))
    unhanded.hand_over()
    with pytest.raises(DeploymentFailed, match="no part of a founding"):
        unhanded.check()


def test_powers_are_refused_when_the_guardian_is_another(unhanded: Unhanded) -> None:
    unhanded.hand_over()
    other = replace(unhanded.founding, guardian=unhanded.founding.registrar)
    with pytest.raises(DeploymentFailed, match="roles"):
        replace(unhanded, founding=other).check()
