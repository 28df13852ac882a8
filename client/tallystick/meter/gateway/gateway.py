"""A gateway's parts, brought together by whoever runs it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web
from prometheus_client.registry import Collector

from tallystick.meter.admission.gate import Gate
from tallystick.meter.gateway.ports import (
    CallBook,
    Clock,
    Keys,
    Offers,
    Prices,
    Pseudonyms,
)

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
"""Answers requests of one path that is no call: an intake of events, a status page."""


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """Bounds and habits of one gateway process."""

    max_in_flight: int = 2_000
    """Calls at once; more are answered 503 without being read."""
    max_body_bytes: int = 32 << 20
    """Of a call, before and after decompression."""
    max_bodies_bytes: int = 512 << 20
    """Of all calls under way together; one for which there is no room is answered 503."""
    max_answer_bytes: int = 64 << 20
    """Of a plain answer, which is held until its record is durable."""
    body_timeout_s: float = 30.0
    """For a call's whole body to arrive."""
    drain_s: float = 60.0
    """How long an answer is read on whose client has gone."""
    max_drains: int = 500
    """Answers read on at once; beyond it the use is estimated instead."""
    admit_wait_s: float = 5.0
    """How long a call waits for a lease that is being extended."""
    crash_output_tokens: int = 1_000
    """What a call is taken to have produced, within its bound, should this process die amid it."""
    send_timeout_s: float = 120.0
    """How long a client may take nothing of a stream before it counts as gone."""
    cuts_off: bool = False
    """Whether a stream whose running estimate passes its reservation is ended."""
    granularity_ms: int = 1
    """What the times of records are rounded down to."""


DEFAULT_SETTINGS: Final = GatewaySettings()


@dataclass(frozen=True, slots=True)
class Gateway:
    """Everything that handling a call needs."""

    keys: Keys
    offers: Offers
    prices: Prices
    pseudonyms: Pseudonyms
    clock: Clock
    gate: Gate
    book: CallBook
    settings: GatewaySettings = DEFAULT_SETTINGS
    extra_routes: Mapping[str, Handler] = field(default_factory=dict)
    """Handlers by exact path; they check keys and bound bodies on their own."""
    collectors: Sequence[Collector] = ()
    """Further metrics of this process, such as what the chain says was spent."""
    read_checks: Callable[[], Mapping[str, bool]] = dict
    """By name, what has to hold for calls to be taken and billed."""
    find_wedged: Callable[[], Sequence[str]] = tuple
    """The duties of this process that do not end."""
