"""The directory: who and what the records name, as rows made from the facts known last. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import astuple
from typing import Any, Final

from tallystick.core.facts import BASIS_NAMES, KIND_NAMES, Facts
from tallystick.projection.directory_tables import (
    ACCOUNTS,
    ANCESTORS,
    INDICES,
    METERS,
    RATES,
    RESOURCES,
    VALIDATORS,
)
from tallystick.projection.table import Table

Row = tuple[Any, ...]

TEAM_DEPTH: Final = 2


def list_accounts(facts: Facts) -> Iterator[Row]:
    """Every account with its path, its depth, its organisation and its team (itself above one)."""
    for account, timeline in sorted(facts.accounts.items()):
        fact = timeline.values[-1]
        ids = facts.path_ids(account)
        yield (
            account,
            fact.parent,
            ids[0],
            ids[:TEAM_DEPTH][-1],
            len(ids),
            fact.name,
            facts.path(account),
            fact.controller,
            fact.active,
            fact.from_ms,
        )


def list_ancestors(facts: Facts) -> Iterator[Row]:
    """Every account with each account on its path, itself included."""
    for account in sorted(facts.accounts):
        yield from ((account, ancestor) for ancestor in facts.path_ids(account))


def list_meters(facts: Facts) -> Iterator[Row]:
    """Every meter with its newest key, and whether it is frozen last."""
    for meter, timeline in sorted(facts.meters.items()):
        fact = timeline.values[-1]
        key = facts.meter_keys[meter].latest() if meter in facts.meter_keys else None
        frozen = facts.frozen[meter].latest() if meter in facts.frozen else None
        yield (
            meter,
            fact.name,
            fact.account,
            fact.lease_key,
            key.key_index if key else 0,
            key.key.hex() if key else "",
            fact.active,
            frozen is not None and frozen.frozen,
            fact.from_ms,
            *astuple(fact.bounds),
        )


def list_resources(facts: Facts) -> Iterator[Row]:
    """Every resource, kinds and bases in words."""
    for resource, timeline in sorted(facts.resources.items()):
        fact = timeline.values[-1]
        yield (
            resource,
            fact.slug,
            KIND_NAMES.get(fact.kind, str(fact.kind)),
            BASIS_NAMES.get(fact.basis, str(fact.basis)),
            fact.index_class,
            fact.active,
            fact.from_ms,
            *astuple(fact.bounds),
        )


def list_rates(facts: Facts) -> Iterator[Row]:
    """All rates of all resources, past and coming."""
    for resource, timeline in sorted(facts.rates.items()):
        for fact in timeline.values:
            yield (fact.version, resource, fact.from_ms, *astuple(fact.rates))


def list_indices(facts: Facts) -> Iterator[Row]:
    """All price indices, past and coming."""
    for index_class, timeline in sorted(facts.indices.items()):
        for fact in timeline.values:
            yield index_class, fact.epoch, fact.index_ppm, fact.from_ms


def list_validators(facts: Facts) -> Iterator[Row]:
    """The members of every validator set, by version and index."""
    for validator_set in facts.validator_sets.values:
        for index, member in enumerate(validator_set.validators):
            yield (
                validator_set.version,
                index,
                member.name,
                member.url,
                member.attester,
                member.sender,
                member.transport_key.hex(),
                validator_set.from_ms,
            )


DIRECTORY: Final[tuple[tuple[Table, Callable[[Facts], Iterator[Row]]], ...]] = (
    (ACCOUNTS, list_accounts),
    (ANCESTORS, list_ancestors),
    (METERS, list_meters),
    (RESOURCES, list_resources),
    (RATES, list_rates),
    (INDICES, list_indices),
    (VALIDATORS, list_validators),
)
