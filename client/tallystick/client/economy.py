"""The parts of a client that the economy has, one for each noun."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tallystick.client.appeals import AppealBook
    from tallystick.client.corrections import Corrections
    from tallystick.client.epochs import EpochBook
    from tallystick.client.experiments import ExperimentBook
    from tallystick.client.governance import Governance
    from tallystick.client.leases import LeaseBook
    from tallystick.client.outcome_reports import OutcomeReports
    from tallystick.client.plans import PlanBook
    from tallystick.client.price_index import PriceBook
    from tallystick.client.providers import Providers
    from tallystick.client.reads import Reads
    from tallystick.client.swaps import Swaps
    from tallystick.client.validators import ValidatorBook
    from tallystick.client.wire import Wire


class Economy(ABC):
    """What `tallystick.Client` can do beside metering; parts are imported when asked for."""

    wire: Wire

    @abstractmethod
    def _read(self) -> Reads:
        """Where lists are read."""

    @cached_property
    def leases(self) -> LeaseBook:
        """Credits set aside for meters, so that they can admit calls before they are paid."""
        from tallystick.client.leases import LeaseBook

        return LeaseBook(self.wire, self._read)

    @cached_property
    def outcomes(self) -> OutcomeReports:
        """What projects achieved."""
        from tallystick.client.outcome_reports import OutcomeReports

        return OutcomeReports(self.wire)

    @cached_property
    def epochs(self) -> EpochBook:
        """How balances grow with proven value."""
        from tallystick.client.epochs import EpochBook

        return EpochBook(self.wire)

    @cached_property
    def experiments(self) -> ExperimentBook:
        """What the exploration pool pays for."""
        from tallystick.client.experiments import ExperimentBook

        return ExperimentBook(self.wire)

    @cached_property
    def plans(self) -> PlanBook:
        """Plans of clients, and the invoices that they pay."""
        from tallystick.client.plans import PlanBook

        return PlanBook(self.wire, self._read)

    @cached_property
    def appeals(self) -> AppealBook:
        """What is put right when other organisations agree."""
        from tallystick.client.appeals import AppealBook

        return AppealBook(self.wire)

    @cached_property
    def swaps(self) -> Swaps:
        """Credits for other credits."""
        from tallystick.client.swaps import Swaps

        return Swaps(self.wire, self._read)

    @cached_property
    def providers(self) -> Providers:
        """From credits to a provider's compute."""
        from tallystick.client.providers import Providers

        return Providers(self.wire, self._read)

    @cached_property
    def corrections(self) -> Corrections:
        """Entries that put settled records right."""
        from tallystick.client.corrections import Corrections

        return Corrections(self.wire, self._read)

    @cached_property
    def index(self) -> PriceBook:
        """What hardware costs outside."""
        from tallystick.client.price_index import PriceBook

        return PriceBook(self.wire, self._read)

    @cached_property
    def governance(self) -> Governance:
        """What seats decide."""
        from tallystick.client.governance import Governance

        return Governance(self.wire)

    @cached_property
    def validators(self) -> ValidatorBook:
        """Who values and attests."""
        from tallystick.client.validators import ValidatorBook

        return ValidatorBook(self.wire)
