"""Who votes, as the Seats contract keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from tallystick.chain.calls import View, Write, first, nothing, view, write

_view = partial(view, "Seats")
_write = partial(write, "Seats")


@dataclass(frozen=True, slots=True)
class Seats:
    """The Seats contract at an address. One seat is one vote; times are Unix seconds."""

    address: str

    def seat_count(self) -> View[int]:
        """How many seats are held."""
        return _view(self.address, "seatCount", shape=first)

    def holders(self) -> View[tuple[str, ...]]:
        """Everyone who has a seat, in no particular order."""
        return _view(self.address, "holders", shape=lambda v: tuple(v[0]))

    def organisation_of(self, holder: str) -> View[int]:
        """The organisation someone speaks for, 0 = no seat."""
        return _view(self.address, "organisationOf", holder, shape=first)

    def past_organisation_of(self, holder: str, time_s: int) -> View[int]:
        """The organisation someone spoke for at a past time, 0 = no seat."""
        return _view(self.address, "pastOrganisationOf", holder, time_s, shape=first)

    def past_seats_of(self, organisation: int, time_s: int) -> View[int]:
        """How many seats spoke for an organisation at a past time."""
        return _view(self.address, "pastSeatsOf", organisation, time_s, shape=first)

    def past_votes(self, holder: str, time_s: int) -> View[int]:
        """How many votes someone had at a past time: 1 or 0."""
        return _view(self.address, "getPastVotes", holder, time_s, shape=first)

    def past_seat_count(self, time_s: int) -> View[int]:
        """How many seats were held at a past time."""
        return _view(self.address, "getPastTotalSupply", time_s, shape=first)

    def grant_seat(self, holder: str, organisation: int) -> Write[None]:
        """Someone votes from now on, for an organisation. By governance."""
        return _write(self.address, "grantSeat", holder, organisation, outcome=nothing)

    def revoke_seat(self, holder: str) -> Write[None]:
        """Someone votes no longer. By governance."""
        return _write(self.address, "revokeSeat", holder, outcome=nothing)
