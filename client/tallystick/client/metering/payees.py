"""Whom and what use is billed to: names become the network's numbers, or are refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from tallystick.client.metering.attribution import Attribution
from tallystick.client.metering.errors import BasisMismatch, ProjectMissing, ResourceMissing
from tallystick.client.metering.keeping import MeterParts
from tallystick.client.metering.use import Payee, Use
from tallystick.client.resources import ResourceView
from tallystick.core.usage import QUANTITY_FIELDS, TOKEN_FIELDS
from tallystick.meter.records import Billing

NOBODY: Final = 0
TOKENS: Final = "tokens"
GPU: Final = "gpu"


class Payees:
    """Finds them by name.

    Args:
        parts: of the meter.
        organisation: whose people pseudonyms are given to.
        clock: Unix ms, on the network.
    """

    def __init__(self, parts: MeterParts, organisation: str, clock: Callable[[], int]) -> None:
        self._names = parts.names
        self._people = parts.people
        self._organisation = organisation
        self._clock = clock

    def find(self, attribution: Attribution, use: Use) -> Payee:
        """Whom and what the use is billed to.

        Raises:
            ProjectMissing, ResourceMissing: nothing says it.
            AccountUnknown, ResourceUnknown, ProjectForeign: a name is wrong.
            BasisMismatch: the resource is charged by something else.
        """
        if not attribution.project:
            raise ProjectMissing(
                "nothing says which project to bill", expected="project=, here or in Meter.open"
            )
        resource = self._find_resource(attribution.resource, use)
        _check_basis(resource, use.quantities)
        billing = Billing(
            project=self._names.project(attribution.project),
            resource=resource.id,
            user=self._find_user(attribution.user),
            step=attribution.step or 0,
            flags=int(use.flags),
        )
        return Payee(billing, resource)

    def _find_resource(self, named: str | None, use: Use) -> ResourceView:
        """What is said, else the model's own; the price tier's resource where there is one."""
        names = [named] if named else list(use.models)
        if not names:
            raise ResourceMissing(
                "nothing says what was used", expected="resource=, here or in Meter.open"
            )
        for name in names:
            tiered = self._names.resource(f"{name}@{use.tier}") if use.tier else None
            found = tiered or self._names.resource(name)
            if found is not None:
                return found
        return self._names.require_resource(names[-1])

    def _find_user(self, name: str | None) -> int:
        if not name:
            return NOBODY
        return self._people.give(self._organisation, name, self._clock())


def _check_basis(resource: ResourceView, quantities: Mapping[str, int]) -> None:
    """Tokens against a GPU's price, or the other way round, would be billed at nothing."""
    used = [name for name, value in quantities.items() if value and name in QUANTITY_FIELDS]
    wanted = TOKENS if any(name in TOKEN_FIELDS for name in used) else GPU
    if used and resource.basis != wanted:
        raise BasisMismatch(
            f"{resource.slug} is not charged by {wanted}",
            expected=f"use by {resource.basis}",
            actual=", ".join(used),
        )
