"""One call on its way through the gateway."""

from __future__ import annotations

from dataclasses import dataclass

from tallystick.meter.admission.bounds import Bound
from tallystick.meter.admission.gate import Reservation
from tallystick.meter.gateway.offers import Offer
from tallystick.meter.gateway.secrets import GatewayKey
from tallystick.meter.parse.dialects import AnswerReader, CallRequest, Dialect, Route
from tallystick.meter.parse.reading import Reading


@dataclass(frozen=True, slots=True)
class Demand:
    """What a client asks for, checked, before anything is reserved."""

    key: GatewayKey
    offer: Offer
    route: Route
    dialect: Dialect
    """What is spoken between client and upstream on this route."""
    request: CallRequest
    user: int
    """Pseudonym, 0 = not recorded."""
    step: int


@dataclass(slots=True)
class Call:
    """An admitted call, from its reservation to its record."""

    id: bytes
    """16 random bytes."""
    demand: Demand
    bound: Bound
    reservation: Reservation
    started_s: float
    """Of the event loop's clock."""
    status: int = 0
    """The upstream's; 0 = it never answered."""
    first_byte_s: float | None = None
    reader: AnswerReader | None = None
    """Has seen what came of the answer."""
    closing: Closing | None = None
    """How it ended, once it has."""


@dataclass(frozen=True, slots=True)
class Closing:
    """How a call was accounted for."""

    reading: Reading
    resource: int
    flags: int
    """`core.usage.Flag`, as recorded."""
    cost_ucr: int
    """By the rates in force here and now; the validators value the record for good."""
    is_billed: bool
    problem: str = ""
    """Why the reading is not the upstream's own."""
