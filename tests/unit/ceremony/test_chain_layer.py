"""What operators do on the chain itself: who is let in before the vote, who is shut out after."""

import json

import pytest
from msgspec.structs import replace
from tests.unit.ceremony.members import describe

from tallystick.ceremony.chain_layer import AFTER, BEFORE, Step, list_steps
from tallystick.ceremony.changes import Action


def list_commands(steps: list[Step], when: str) -> str:
    return "\n".join(command for step in steps if step.when == when for command in step.commands)


def list_calls(steps: list[Step], method: str) -> list[list[object]]:
    lines = [line for step in steps for line in step.commands if line.startswith("{")]
    return [call["params"] for call in map(json.loads, lines) if call["method"] == method]


def test_besu_lets_a_joining_member_in_before_the_vote() -> None:
    new = describe(6)
    steps = list_steps("besu", Action.ADD, None, new)
    assert {step.when for step in steps} == {BEFORE}
    commands = list_commands(steps, BEFORE)
    for value in (new.sender, new.seat, new.enode):
        assert f'add "{value}"' in commands
    assert new.attester not in commands  # an attester never sends
    assert list_calls(steps, "perm_reloadPermissionsFromFile") == [[]]
    assert list_calls(steps, "qbft_proposeValidatorVote") == [[new.chain_address, True]]


def test_besu_shuts_a_leaving_member_out_after_the_vote() -> None:
    old = describe(2)
    steps = list_steps("besu", Action.REMOVE, old, None)
    assert {step.when for step in steps} == {AFTER}
    # Out of the validators first: a node that is shut out while it has a turn costs rounds.
    assert "qbft_proposeValidatorVote" in steps[0].commands[0]
    assert list_calls(steps, "qbft_proposeValidatorVote") == [[old.chain_address, False]]
    for value in (old.sender, old.seat, old.enode):
        assert f'remove "{value}"' in list_commands(steps, AFTER)


def test_besu_changes_senders_around_a_rotation_and_leaves_the_chain_node() -> None:
    old = describe(2)
    new = replace(describe(102), name="member-2", enode=old.enode)
    steps = list_steps("besu", Action.ROTATE, old, new)
    assert f'add "{new.sender}"' in list_commands(steps, BEFORE)
    assert f'remove "{old.sender}"' in list_commands(steps, AFTER)
    assert not list_calls(steps, "qbft_proposeValidatorVote")
    assert "nodes-allowlist" not in list_commands(steps, BEFORE) + list_commands(steps, AFTER)


def test_besu_replaces_the_chain_node_when_a_rotation_does() -> None:
    old, new = describe(2), replace(describe(102), name="member-2")
    calls = list_calls(list_steps("besu", Action.ROTATE, old, new), "qbft_proposeValidatorVote")
    assert calls == [[new.chain_address, True], [old.chain_address, False]]


def test_besu_says_what_to_do_when_nobody_holds_the_card_of_who_left() -> None:
    steps = list_steps("besu", Action.REMOVE, None, None)
    assert [step.when for step in steps] == [AFTER]


def test_avalanche_has_the_manager_change_the_allow_list() -> None:
    old = describe(2, chain=False)
    new = replace(describe(102, chain=False), name="member-2")
    steps = list_steps("avalanche", Action.ROTATE, old, new)
    assert [step.when for step in steps] == [BEFORE, AFTER]
    assert f"setEnabled({new.sender})" in steps[0].commands[0]
    assert f"setNone({old.sender})" in steps[1].commands[0]


@pytest.mark.parametrize("engine", ["anvil"])
def test_nothing_is_to_be_done_where_everybody_may_send(engine: str) -> None:
    assert list_steps(engine, Action.ADD, None, describe(6)) == []
