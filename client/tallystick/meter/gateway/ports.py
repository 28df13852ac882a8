"""What the gateway needs of the outside world; whoever composes it brings these along."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Protocol

from tallystick.core.tariff import ResolvedRates
from tallystick.core.usage import Records
from tallystick.meter.details import Detail
from tallystick.meter.gateway.offers import Offer
from tallystick.meter.gateway.secrets import GatewayKey


class Keys(Protocol):
    """The keys that applications call the gateway with."""

    def find(self, secret: str) -> GatewayKey | None:
        """The key with this secret, or None. Must take the same time for every unknown secret."""


class Offers(Protocol):
    """The models a gateway offers."""

    def find(self, model: str) -> Offer | None:
        """The offer of exactly this name, or None."""

    def nearest(self, model: str) -> Sequence[str]:
        """Names of offers that look like this one, the likeliest first, a handful at most."""

    def all(self) -> Iterable[Offer]:
        """Every offer, in the order in which they are to be listed."""


class Prices(Protocol):
    """What resources cost, as followed from the chain."""

    def of(self, resource: int) -> ResourcePrices | None:
        """The rates of a resource in force now and announced, or None where they are unknown."""


class ResourcePrices(Protocol):
    """The rates of one resource."""

    @property
    def current(self) -> ResolvedRates:
        """In force now."""

    @property
    def dearest(self) -> Sequence[ResolvedRates]:
        """Every set of rates from now to the last announced one, at least the current."""


class Pseudonyms(Protocol):
    """The table of people behind pseudonyms."""

    def give(self, organisation: str, name: str, time_ms: int) -> int:
        """The pseudonym of a person in the month of a time, durable before it is returned."""


class Clock(Protocol):
    """The network's time."""

    def now_ms(self) -> int:
        """Unix ms, with the network's offset."""


class CallBook(Protocol):
    """Where calls are kept until they are records; `meter.recorder.Recorder` is one."""

    def begin(self, call: bytes, estimate: Records) -> None:
        """The call is settled at its estimate should this process die before `finish`."""

    def finish(
        self, call: bytes, records: Records, details: Sequence[Detail] = ()
    ) -> asyncio.Future[int | None]:
        """The call's records, once: done when they are durable; the first sequence number."""
