"""Whose call it was: rules over what an observer can see of a caller."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

ANY: Final = "*"


@dataclass(frozen=True, slots=True)
class ProjectRule:
    """Calls whose label has this value are billed to this project.

    Args:
        label: host, client, path, or the name of a header, in lower case.
        value: as it must be; a trailing `*` stands for any ending.
        project: path of the account.
    """

    label: str
    value: str
    project: str

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether a call with these labels is meant."""
        found = labels.get(self.label, "")
        if self.value.endswith(ANY):
            return found.startswith(self.value[:-1])
        return found == self.value


@dataclass(frozen=True, slots=True)
class Attribution:
    """How observations find their project, resource and person.

    Args:
        project: path of the account that pays where no rule says otherwise.
        rules: the first that matches counts.
        resource_by_model: slugs of models that are registered under another name.
        user_label: the header that names the person; "" = the body's own word.
        records_users: whether records carry a pseudonym at all.
    """

    project: str
    rules: Sequence[ProjectRule] = ()
    resource_by_model: Mapping[str, str] | None = None
    user_label: str = ""
    records_users: bool = False

    def find_project(self, labels: Mapping[str, str]) -> str:
        """Path of the account that pays."""
        found = (rule.project for rule in self.rules if rule.matches(labels))
        return next(found, self.project)

    def find_slugs(self, models: Sequence[str], tier: str = "") -> list[str]:
        """Slugs that the models may be registered under, the likeliest first.

        A price tier has a resource of its own, called `model@tier`, or that of its model.
        """
        known = self.resource_by_model or {}
        names = [known.get(model, model) for model in models]
        return [*(f"{name}@{tier}" for name in names if tier), *reversed(names)]

    def find_user(self, labels: Mapping[str, str], user: str | None) -> str | None:
        """The person behind the call, None where none is recorded."""
        if not self.records_users:
            return None
        return (labels.get(self.user_label) or None) if self.user_label else user
