"""What a resource costs now, and at most until nothing announced is left to come."""

from __future__ import annotations

from dataclasses import dataclass

from tallystick.core.facts import Facts
from tallystick.core.tariff import ResolvedRates


@dataclass(frozen=True, slots=True)
class Prices:
    """Rates of one resource, ncr per unit.

    `dearest` holds every set of rates that could price a call begun now: those in force and all
    that are announced. No single one needs to be the dearest in every weight.
    """

    current: ResolvedRates
    dearest: tuple[ResolvedRates, ...]


def find_prices(facts: Facts, resource: int, now_ms: int) -> Prices | None:
    """The resource's prices, None where it has no rates in force.

    Args:
        facts: what the chain has announced.
        resource: its id.
        now_ms: Unix ms on the network.
    """
    current = facts.resolved_at(resource, now_ms)
    if current is None:
        return None
    found = [current]
    for start_ms in list_changes(facts, resource, now_ms):
        later = facts.resolved_at(resource, start_ms)
        if later is not None and later not in found:
            found.append(later)
    return Prices(current, tuple(found))


def list_changes(facts: Facts, resource: int, after_ms: int) -> list[int]:
    """When the resource's rates, its index or its class change after a moment, ascending."""
    known, voted = facts.resources[resource], facts.rates.get(resource)
    indices = [facts.indices.get(each.index_class) for each in known.values]
    starts = {*known.starts_ms, *(voted.starts_ms if voted else ())}
    starts |= {start for line in indices if line is not None for start in line.starts_ms}
    return sorted(start for start in starts if start > after_ms)
