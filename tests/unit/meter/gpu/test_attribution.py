"""Rules say who pays; the first that fits."""

import pytest

from tallystick.meter.gpu.attribution import (
    Rule,
    find_payer,
    is_template,
    list_environment,
    list_unknown_facts,
)
from tallystick.meter.gpu.uses import Payer

RULES = [
    Rule({"slurm_job": "*", "env:SLURM_JOB_ACCOUNT": "ml"}, "acme/research", "{user}", step=3),
    Rule({"namespace": "team-*"}, "acme/{namespace}"),
    Rule({"command": "*vllm serve*"}, "acme/platform"),
]


def test_payer_is_that_of_the_first_rule_that_fits() -> None:
    facts = {"slurm_job": "7", "env:SLURM_JOB_ACCOUNT": "ml", "user": "ada", "namespace": "team-a"}
    assert find_payer(RULES, facts) == Payer("acme/research", "ada", 3)


def test_payer_may_be_named_by_a_fact() -> None:
    assert find_payer(RULES, {"namespace": "team-b"}) == Payer("acme/team-b")


@pytest.mark.parametrize("namespace", ["team-a/../b", "team-", "team-\n", "team-a b", "team-a/b"])
def test_payer_is_never_a_path_that_a_fact_made_up(namespace: str) -> None:
    found = find_payer(RULES, {"namespace": namespace})
    assert found is None or found.project == f"acme/{namespace}" == "acme/team-"


def test_payer_is_unknown_when_no_rule_fits() -> None:
    assert find_payer(RULES, {"command": "python train.py"}) is None
    assert find_payer(RULES, {}) is None


def test_payer_needs_every_fact_of_a_rule() -> None:
    assert find_payer(RULES, {"slurm_job": "7"}) is None


def test_rules_say_which_environment_they_read() -> None:
    rules = [*RULES, Rule({}, "acme/{env:TEAM}")]
    assert list_environment(rules) == {"SLURM_JOB_ACCOUNT", "TEAM"}


def test_rules_with_facts_that_there_are_not_are_found() -> None:
    assert list_unknown_facts(Rule({"job": "1"}, "acme/{team}")) == ["job", "team"]
    assert list_unknown_facts(Rule({"pod": "1", "env:X": "y"}, "acme/{user}")) == []


def test_template_is_a_path_with_a_fact_in_it() -> None:
    assert is_template("acme/{user}")
    assert not is_template("acme/app")
