"""The tariff as it applies at a moment: resolved rates, ncr per unit."""

from __future__ import annotations

import msgspec

from tallystick.client.facts import load_facts
from tallystick.client.wire import Wire
from tallystick.core.facts import BASIS_NAMES, KIND_NAMES, Facts


class RatesView(msgspec.Struct, frozen=True):
    """One resource's resolved rates: w_*, g, m and t in ncr per unit, mci_* in ncr per call."""

    id: int
    kind: str
    basis: str
    index_class: str | None
    w_in: int
    w_cached: int
    w_written: int
    w_out: int
    w_reason: int
    g: int
    m: int
    t: int
    mci_base: int
    mci_quad: int
    gpu_multiplier_ppm: int


class TariffView(msgspec.Struct, frozen=True, rename={"from_ms": "from"}):
    """What everything costs, unchanged since `from_ms`.

    `version` and `index_epoch` are the newest that any rate in it draws on.
    """

    version: int
    index_epoch: int
    from_ms: int
    resources: dict[str, RatesView]


def read_tariff(wire: Wire, time_ms: int) -> TariffView:
    """The tariff in force at a moment."""
    addresses = wire.network.addresses
    return resolve_tariff(load_facts(wire, [addresses.registry, addresses.tariff]), time_ms)


def resolve_tariff(facts: Facts, time_ms: int) -> TariffView:
    """The tariff that these facts put in force; resources without rates are left out."""
    resources: dict[str, RatesView] = {}
    for resource in facts.resources:
        view = _resolve_rates(facts, resource, time_ms)
        if view is not None:
            resources[view[0]] = view[1]
    all_starts_ms = [line.starts_ms for line in facts.rates.values()]
    all_starts_ms += [line.starts_ms for line in facts.indices.values()]
    starts_ms = [start for starts in all_starts_ms for start in starts if start <= time_ms]
    epochs = [line.at(time_ms) for line in facts.indices.values()]
    voted = [line.at(time_ms) for line in facts.rates.values()]
    return TariffView(
        version=max((rates.version for rates in voted if rates is not None), default=0),
        index_epoch=max((step.epoch for step in epochs if step is not None), default=0),
        from_ms=max(starts_ms, default=0),
        resources=resources,
    )


def _resolve_rates(facts: Facts, resource: int, time_ms: int) -> tuple[str, RatesView] | None:
    """The resource's slug and rates, None where it has none in force."""
    described = facts.resources[resource].at(time_ms)
    voted = facts.rates[resource].at(time_ms) if resource in facts.rates else None
    resolved = facts.resolved_at(resource, time_ms)
    if described is None or voted is None or resolved is None:
        return None
    return described.slug, RatesView(
        id=resource,
        kind=KIND_NAMES.get(described.kind, str(described.kind)),
        basis=BASIS_NAMES.get(described.basis, str(described.basis)),
        index_class=described.index_class or None,
        **{name: getattr(resolved, name) for name in resolved.__slots__},
        gpu_multiplier_ppm=voted.rates.gpu_multiplier_ppm,
    )
