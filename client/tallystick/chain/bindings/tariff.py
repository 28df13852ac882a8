"""What use costs, as the Tariff keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from functools import partial
from typing import Any

from tallystick.chain.bindings.registry import encode_label
from tallystick.chain.calls import View, Write, announced, first, view, write
from tallystick.core.tariff import Rates, ResolvedRates
from tallystick.core.usage import QUANTITY_FIELDS

_view = partial(view, "Tariff")
_write = partial(write, "Tariff")


@dataclass(frozen=True, slots=True)
class Tariff:
    """The Tariff at an address."""

    address: str

    def version(self) -> View[int]:
        """The latest version of any resource's rates, 0 = none yet."""
        return _view(self.address, "version", shape=first)

    def lead_s(self) -> View[int]:
        """Seconds between an announcement and a change at least."""
        return _view(self.address, "leadS", shape=first)

    def voted_rates_at(self, resource: int, time_ms: int) -> View[tuple[Rates, int]]:
        """A resource's rates as voted and the version that set them; reverts without any."""
        return _view(self.address, "votedRatesAt", resource, time_ms, shape=_voted)

    def rates_at(self, resource: int, time_ms: int) -> View[ResolvedRates]:
        """A resource's rates under the index in force; reverts without any."""
        return _view(
            self.address, "ratesAt", resource, time_ms, shape=lambda v: ResolvedRates(*v[0])
        )

    def index_at(self, index_class: str, time_ms: int) -> View[tuple[int, int]]:
        """A class's index in ppm and its epoch; 1,000,000 and 0 before the first step."""
        label = encode_label(index_class)
        return _view(self.address, "indexAt", label, time_ms, shape=lambda v: (v[0], v[1]))

    def value(
        self, resource: int, quantities: Mapping[str, int], time_ms: int, *, flags: int = 0
    ) -> View[int]:
        """What a record of these quantities costs in ucr, rounded up once.

        Args:
            resource: its id.
            quantities: record fields by name; a missing one is 0.
            time_ms: whose rates apply.
            flags: the record's.
        """
        ordered = [quantities.get(field, 0) for field in QUANTITY_FIELDS]
        return _view(self.address, "value", resource, flags, ordered, time_ms, shape=first)

    def set_rates(self, rates: Mapping[int, Rates], *, from_ms: int = 0) -> Write[int]:
        """Resources get these rates, all under one new version, which it gives. By governance.

        Args:
            rates: by resource id.
            from_ms: 0 = the beginning of time for first rates, else as soon as allowed.
        """
        values = (list(rates), [astuple(rate) for rate in rates.values()], from_ms)
        outcome = announced("RatesSet", "version")
        return _write(self.address, "setRates", *values, outcome=outcome)

    def adopt_rates(self, resource: int, like: int, *, gpu_like: int = 0) -> Write[int]:
        """A resource without rates takes over a like one's; gives the version. By the registrar."""
        outcome = announced("RatesSet", "version")
        return _write(self.address, "adoptRates", resource, like, gpu_like, outcome=outcome)

    def set_index(self, index_class: str, index_ppm: int, *, from_ms: int = 0) -> Write[int | None]:
        """A class gets a new index; gives its epoch, None where the step was refused.

        By the PriceIndex, and on local networks by whoever holds its role.
        """
        values = (encode_label(index_class), index_ppm, from_ms)
        return _write(self.address, "setIndex", *values, outcome=_epoch)


def _voted(values: tuple[Any, ...]) -> tuple[Rates, int]:
    rates, version = values
    return Rates(*rates), version


def _epoch(events: tuple[Any, ...]) -> int | None:
    return next((event.args["epoch"] for event in events if event.name == "IndexSet"), None)
