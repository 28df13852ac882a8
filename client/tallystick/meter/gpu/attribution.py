"""Whose work a process or a pod is: the operator's rules, the first that fits."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from tallystick.meter.gpu.uses import Payer

FACT_NAMES: Final = frozenset(
    {
        "namespace",
        "pod",
        "pod_uid",
        "container",
        "slurm_job",
        "uid",
        "user",
        "command",
        "cgroup",
        "device",
        "host",
    }
)
"""What may be known of a piece of work; `env:NAME` is its environment."""

ENVIRONMENT_PREFIX: Final = "env:"

_PLACEHOLDER: Final = re.compile(r"\{([a-z_]+|env:[A-Za-z_][A-Za-z0-9_]*)\}")
_SEGMENT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")

Facts = Mapping[str, str]
"""What is known of a process or pod, by fact name; what is not known is missing."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Work whose every named fact fits its pattern is billed to a project.

    Args:
        patterns: shell-style patterns by fact name; none fits everything.
        project: a path; `{fact}` stands for the fact, and the rule fits only where it is known.
        user: a name, with the same placeholders; "" records none.
        step: of a workflow.
    """

    patterns: Mapping[str, str]
    project: str
    user: str = ""
    step: int = 0


def find_payer(rules: Sequence[Rule], facts: Facts) -> Payer | None:
    """Who pays for work of which this is known, None where no rule fits."""
    for rule in rules:
        if not is_match(rule.patterns, facts):
            continue
        project = _fill_in(rule.project, facts, is_path=True)
        if project is None:
            continue
        return Payer(project, _fill_in(rule.user, facts, is_path=False) or "", rule.step)
    return None


def is_match(patterns: Mapping[str, str], facts: Facts) -> bool:
    """Whether every named fact is known and fits its pattern."""
    return all(
        name in facts and fnmatchcase(facts[name], pattern) for name, pattern in patterns.items()
    )


def list_environment(rules: Sequence[Rule]) -> frozenset[str]:
    """The environment variables that rules look at; no other is ever read."""
    named = [name for rule in rules for name in rule.patterns]
    for rule in rules:
        named += _PLACEHOLDER.findall(rule.project) + _PLACEHOLDER.findall(rule.user)
    return frozenset(
        name.removeprefix(ENVIRONMENT_PREFIX)
        for name in named
        if name.startswith(ENVIRONMENT_PREFIX)
    )


def list_unknown_facts(rule: Rule) -> list[str]:
    """Names in a rule that stand for no fact."""
    named = [*rule.patterns, *_PLACEHOLDER.findall(rule.project), *_PLACEHOLDER.findall(rule.user)]
    return [
        name for name in named if name not in FACT_NAMES and not name.startswith(ENVIRONMENT_PREFIX)
    ]


def is_template(project: str) -> bool:
    """Whether the path depends on facts."""
    return _PLACEHOLDER.search(project) is not None


def _fill_in(template: str, facts: Facts, *, is_path: bool) -> str | None:
    """The template with facts in place; None where one is unknown, or would add to the path."""
    filled = template
    for name in _PLACEHOLDER.findall(template):
        value = facts.get(name, "")
        if not value or (is_path and not _SEGMENT.fullmatch(value)):
            return None
        filled = filled.replace(f"{{{name}}}", value)
    return filled
