"""Every function that asks the authority has its line in the wiring, and no line is idle."""

import re
from pathlib import Path

import pytest

from tallystick.chain.abi import load_functions
from tallystick.chain.bindings import authority as roles
from tallystick.chain.network import CONTRACT_BY_FIELD, PLACES, Addresses
from tallystick.chain.wiring import ROLE_BY_FUNCTION, Founding, Seat, list_members

FUNCTION = re.compile(r"function (\w+)\([^)]*\)([^{;]*)\{(.*?)\n    \}", re.DOTALL)
OWN_CHECK = "_checkCanCall"
ADDRESSES = Addresses(*(f"0x{index + 1:040x}" for index in range(len(CONTRACT_BY_FIELD))))
FOUNDING = Founding(
    network_id=bytes(range(32)),
    validators=(),
    registrar="0x" + "aa" * 20,
    guardian="0x" + "bb" * 20,
    seats=(Seat("0x" + "cc" * 20, 1),),
)
SOURCES = sorted(Path("contracts").glob("*.sol"))


def list_asking(source: str) -> set[str]:
    """The functions of a contract that ask the authority whether the caller may."""
    return {
        name
        for name, modifiers, body in FUNCTION.findall(source)
        if "restricted" in modifiers.split() or (OWN_CHECK in body and "external" in modifiers)
    }


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_every_function_that_asks_has_a_role(path: Path) -> None:
    wired = {
        name for contract, names, _ in ROLE_BY_FUNCTION for name in names if contract == path.stem
    }
    assert list_asking(path.read_text()) == wired


def test_no_function_has_two_roles() -> None:
    named = [(contract, name) for contract, names, _ in ROLE_BY_FUNCTION for name in names]
    assert len(named) == len(set(named))
    assert all(name in load_functions(contract) for contract, name in named)


def test_every_role_that_a_function_asks_for_is_held() -> None:
    held = {role for role, _ in list_members(ADDRESSES, FOUNDING)}
    asked = {role for _, _, role in ROLE_BY_FUNCTION}
    assert asked - held == {roles.PUBLIC, roles.LIMITS}


def test_every_contract_that_the_ledger_does_not_name_has_a_place() -> None:
    by_role = {role: who for role, who in list_members(ADDRESSES, FOUNDING) if role >= 1 << 16}
    named = ("registry", "validators", "tariff", "credits", "budgets", "budget_state", "cursors")
    assert [field for field in CONTRACT_BY_FIELD if field not in PLACES] == [
        *named,
        "ledger",
        "authority",
    ]
    assert by_role == {roles.place_of(field): getattr(ADDRESSES, field) for field in PLACES}
    assert max(by_role) < roles.FIRST_REGISTRAR


def test_people_hold_no_role_of_contracts() -> None:
    people = {FOUNDING.registrar, FOUNDING.guardian, FOUNDING.seats[0].holder}
    members = list_members(ADDRESSES, FOUNDING)
    assert {role for role, who in members if who in people} == {roles.REGISTRAR, roles.GUARDIAN}
