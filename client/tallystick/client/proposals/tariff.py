"""Votes on the tariff: weights, GPU multipliers, bandwidth factors, model complexity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, replace
from typing import Any, Final

from tallystick.chain.bindings.tariff import Tariff
from tallystick.chain.errors import NotFound
from tallystick.client.proposals.changes import (
    Call,
    Change,
    Field,
    Unit,
    compare_fields,
    parse_fields,
)
from tallystick.client.proposals.documents import Entries, require_mapping
from tallystick.client.proposals.scalars import parse_ratio_ppm
from tallystick.client.proposals.state import Governed
from tallystick.core.facts import BASIS_NAMES
from tallystick.core.tariff import Rates, resolve_rates
from tallystick.core.units import NCR_PER_UCR, PPM
from tallystick.core.usage import MAX_TIME_MS

TARIFF: Final = "tariff"
GPU_MULTIPLIERS: Final = "gpu_multipliers"
BANDWIDTH_FACTORS: Final = "bandwidth_factors"
SECTIONS: Final = (TARIFF, GPU_MULTIPLIERS, BANDWIDTH_FACTORS)
AS_SOON_AS_ALLOWED: Final = 0

RATE_FIELDS: Final = (
    Field("w_in", "w_in", Unit.NCR),
    Field("w_cached", "w_cached", Unit.NCR),
    Field("w_written", "w_written", Unit.NCR),
    Field("w_out", "w_out", Unit.NCR),
    Field("w_reason", "w_reason", Unit.NCR),
    Field("compute", "compute_ncr", Unit.NCR),
    Field("gpu_multiplier", "gpu_multiplier_ppm", Unit.FACTOR),
    Field("memory", "memory_ncr", Unit.NCR),
    Field("transfer", "transfer_ncr", Unit.NCR),
    Field("bandwidth_factor", "bandwidth_factor_ppm", Unit.FACTOR),
    Field("mci_base", "mci_base", Unit.NCR),
    Field("mci_quad", "mci_quad", Unit.NCR),
)
_MEMBER_BY_SECTION: Final = {
    GPU_MULTIPLIERS: "gpu_multiplier_ppm",
    BANDWIDTH_FACTORS: "bandwidth_factor_ppm",
}

TYPICAL_IN: Final = 8_000
TYPICAL_OUT: Final = 500
TYPICAL_COMPUTE_MS: Final = 3_600_000
"""One GPU for an hour."""


def build_rates(state: Governed, document: Entries) -> list[Call]:
    """One call that sets the rates of every resource that the tariff's sections name."""
    wanted: dict[int, dict[str, int | str]] = {}
    for section in SECTIONS:
        if section in document:
            for slug, entry in require_mapping(section, document[section]).items():
                values = _parse_entry(state, section, slug, entry)
                wanted.setdefault(state.resource(slug), {}).update(values)
    if not wanted:
        return []
    changed = {
        resource: replace(read_rates(state, resource) or Rates(), **wanted[resource])  # type: ignore[arg-type]
        for resource in sorted(wanted)
    }
    rates = [astuple(rate) for rate in changed.values()]
    return [Call("Tariff", "setRates", (list(changed), rates, AS_SOON_AS_ALLOWED))]


def describe_rates(state: Governed, args: Mapping[str, Any]) -> list[Change]:
    """What the call changes, and what a typical call costs before and after."""
    changes: list[Change] = []
    for resource, values in zip(args["resources"], args["rates"], strict=True):
        where = f"{TARIFF}.{state.slug(resource)}"
        before, after = read_rates(state, resource), Rates(*values.values())
        old = None if before is None else _by_member(before)
        changes += compare_fields(where, old, _by_member(after), RATE_FIELDS)
        changes.append(_compare_typical_call(state, resource, before, after))
    if args["fromMs"]:
        changes.append(Change(f"{TARIFF}.from", None, args["fromMs"], Unit.TIME))
    return changes


def read_rates(state: Governed, resource: int) -> Rates | None:
    """A resource's rates as voted last, in force or announced; None where it has none."""
    try:
        values = state.ask("Tariff", "votedRatesAt", resource, MAX_TIME_MS)
    except NotFound:
        return None
    rates: Rates = Rates(*next(iter(values.values())).values())
    return rates


def describe_typical_call(basis: str) -> str:
    """What the typical call of a billing basis is."""
    if basis == "gpu":
        return "one GPU-hour"
    return f"a call of {TYPICAL_IN:,} tokens in and {TYPICAL_OUT:,} out"


def compute_typical_cost_ucr(rates: Rates, index_ppm: int) -> int:
    """What a typical call costs, rounded up: tokens where they have a price, else GPU time."""
    resolved = resolve_rates(rates, index_ppm)
    cost_ncr = TYPICAL_IN * resolved.w_in + TYPICAL_OUT * resolved.w_out
    if cost_ncr:
        context_kilo = (TYPICAL_IN + TYPICAL_OUT) // 1_000
        cost_ncr += resolved.mci_base + resolved.mci_quad * context_kilo**2
    else:
        cost_ncr = TYPICAL_COMPUTE_MS * resolved.g + resolved.mci_base
    return -(-cost_ncr // NCR_PER_UCR)


def _compare_typical_call(
    state: Governed, resource: int, before: Rates | None, after: Rates
) -> Change:
    found = state.resources.get(resource)
    index_class = found.index_class if found is not None else ""
    index_ppm = _read_index(state, index_class)
    basis = BASIS_NAMES.get(found.basis, "tokens") if found is not None else "tokens"
    return Change(
        f"{TARIFF}.{state.slug(resource)}: {describe_typical_call(basis)}",
        None if before is None else compute_typical_cost_ucr(before, index_ppm),
        compute_typical_cost_ucr(after, index_ppm),
        Unit.UCR,
    )


def _read_index(state: Governed, index_class: str) -> int:
    if not index_class:
        return PPM
    view = Tariff(state.address("Tariff")).index_at(index_class, state.now_ms)
    return state.read(view)[0]


def _parse_entry(state: Governed, section: str, slug: str, entry: object) -> dict[str, int | str]:
    where = f"{section}.{slug}"
    if section == TARIFF:
        return parse_fields(state, where, require_mapping(where, entry), RATE_FIELDS)
    return {_MEMBER_BY_SECTION[section]: parse_ratio_ppm(where, entry)}


def _by_member(rates: Rates) -> dict[str, int]:
    return {field.member: getattr(rates, field.member) for field in RATE_FIELDS}
