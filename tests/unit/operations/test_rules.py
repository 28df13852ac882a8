"""Alert rules: every metric exists, every rule says who is woken and what to do."""

from pathlib import Path
from typing import Any

import pytest
from tests.unit.operations.rules import find_unknown, list_rules

PAGES = Path("docs/operations/alerts")
SECTIONS = ("## What it means", "## Look", "## Do")
RULES = list_rules()
IDS = [rule["alert"] for rule in RULES]


@pytest.mark.parametrize("rule", RULES, ids=IDS)
def test_rule_asks_for_metrics_that_exist(rule: dict[str, Any]) -> None:
    assert find_unknown(rule["expr"]) == set()


@pytest.mark.parametrize("rule", RULES, ids=IDS)
def test_rule_has_a_runbook_that_says_what_to_do(rule: dict[str, Any]) -> None:
    page = Path(rule["annotations"]["runbook_url"])
    text = page.read_text()
    assert page.parent == PAGES
    assert [section for section in SECTIONS if section not in text] == []


@pytest.mark.parametrize("rule", RULES, ids=IDS)
def test_rule_says_how_urgent_it_is(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in ("page", "ticket")
    assert rule["annotations"]["summary"]


def test_rules_have_names_of_their_own() -> None:
    assert len(set(IDS)) == len(IDS)


def test_runbooks_belong_to_a_rule() -> None:
    named = {Path(rule["annotations"]["runbook_url"]).name for rule in RULES}
    assert {page.name for page in PAGES.glob("*.md")} - {"README.md"} == named


@pytest.mark.parametrize("name", ["tallystick_invented", "tallystick_records_settled"])
def test_unknown_metrics_are_found_in_an_expression(name: str) -> None:
    assert find_unknown(f"rate({name}[5m]) > 1") == {name}
