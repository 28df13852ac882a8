"""How organisations join, as the Onboarding contract admits them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from tallystick.chain.calls import View, Write, announced, first, view, write

_view = partial(view, "Onboarding")


@dataclass(frozen=True, slots=True)
class Onboarding:
    """The Onboarding contract at an address."""

    address: str

    def starting_allowance_ucr(self) -> View[int]:
        """What a new organisation's registrar may grant of general and plan credits each."""
        return _view(self.address, "startingAllowanceUcr", shape=first)

    def limits_delay_s(self) -> View[int]:
        """Seconds a registrar has to announce that a budget gets more room, 0 = not at all."""
        return _view(self.address, "limitsDelayS", shape=first)

    def admit(self, name: str, controller: str, registrar: str) -> Write[int]:
        """There is a new organisation; gives its account id. By the network's registrar."""
        outcome = announced("OrganisationAdmitted", "organisation")
        values = (name, controller, registrar)
        return write("Onboarding", self.address, "admit", *values, outcome=outcome)
