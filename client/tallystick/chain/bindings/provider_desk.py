"""From credits to a provider's compute: rates, inventory and redemptions of the ProviderDesk."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import partial
from typing import Any, Final

from tallystick.chain.bindings.credits import PROVIDER
from tallystick.chain.calls import View, Write, announced, first, nothing, view, write
from tallystick.core.units import PPM

MIN_RATE_PPM: Final = 1_000
MAX_RATE_PPM: Final = 1_000_000_000
RECLAIM_AFTER_S: Final = 7 * 86_400
NO_REFERENCE: Final = bytes(32)

_view = partial(view, "ProviderDesk")
_write = partial(write, "ProviderDesk")


class RedemptionState(IntEnum):
    """Where a redemption stands."""

    UNKNOWN = 0
    PENDING = 1
    ACKNOWLEDGED = 2
    RECLAIMED = 3


@dataclass(frozen=True, slots=True)
class Provider:
    """Who sells compute for credits, and the address that acts in its name."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class DeskRate:
    """Provider ucr per million general ucr: in force, announced (0 = none), and applied now."""

    current_ppm: int
    queued_ppm: int
    queued_from_s: int
    applied_ppm: int

    def compute_out_down(self, credits_ucr: int) -> int:
        """What so many general credits convert into now, rounded down."""
        return credits_ucr * self.applied_ppm // PPM


@dataclass(frozen=True, slots=True)
class DeskCaps:
    """What may be converted in a UTC day, in provider ucr paid out."""

    daily_ucr: int
    daily_per_organisation_ucr: int


@dataclass(frozen=True, slots=True)
class Redemption:
    """Provider credits that an account handed in for compute."""

    account: int
    provider: int
    at_s: int
    state: RedemptionState
    amount_ucr: int


def compute_provider_credit_id(provider: int) -> int:
    """The ERC-6909 id of a provider's credits."""
    return PROVIDER | provider


@dataclass(frozen=True, slots=True)
class ProviderDesk:
    """The ProviderDesk at an address."""

    address: str

    def lead_s(self) -> View[int]:
        """Seconds between the announcement of a rate and its beginning at least."""
        return _view(self.address, "leadS", shape=first)

    def provider_count(self) -> View[int]:
        """The latest provider's id, 0 = none yet."""
        return _view(self.address, "providerCount", shape=first)

    def redemption_count(self) -> View[int]:
        """The latest redemption's id, 0 = none yet."""
        return _view(self.address, "redemptionCount", shape=first)

    def provider_of(self, provider: int) -> View[Provider]:
        """A provider; reverts where there is none."""
        return _view(self.address, "providerOf", provider, shape=lambda v: Provider(*v[0]))

    def provider_by_name(self, name: str) -> View[int]:
        """The id of the provider with this name, 0 = none."""
        return _view(self.address, "providerByName", name, shape=first)

    def rate_of(self, provider: int) -> View[DeskRate]:
        """A provider's rates as of the block's time."""
        return _view(self.address, "rateOf", provider, shape=lambda v: DeskRate(*v[0]))

    def caps_of(self, provider: int) -> View[DeskCaps]:
        """A provider's daily caps."""
        return _view(self.address, "capsOf", provider, shape=lambda v: DeskCaps(*v[0]))

    def left_today_of(self, provider: int, organisation: int) -> View[int]:
        """What today has left for an organisation, in provider ucr."""
        return _view(self.address, "leftTodayOf", provider, organisation, shape=first)

    def inventory_of(self, provider: int) -> View[int]:
        """What a provider's inventory holds, in provider ucr."""
        return _view(self.address, "inventoryOf", provider, shape=first)

    def is_receipt_used(self, provider: int, receipt_hash: bytes) -> View[bool]:
        """Whether the provider deposited under this receipt."""
        return _view(self.address, "isReceiptUsed", provider, receipt_hash, shape=first)

    def redemption_of(self, redemption: int) -> View[Redemption]:
        """A redemption as it stands, all zero where there is none."""
        return _view(self.address, "redemptionOf", redemption, shape=_redemption)

    def set_provider(self, name: str, key: str, *, provider: int = 0) -> Write[int]:
        """A provider (0 = a new one) has this name and key; gives its id. By governance."""
        outcome = announced("ProviderSet", "provider")
        return _write(self.address, "setProvider", provider, name, key, outcome=outcome)

    def set_rate(self, provider: int, rate_ppm: int, *, from_s: int = 0) -> Write[int]:
        """The provider's credits get a rate; gives from when. By governance.

        Args:
            provider: its id.
            rate_ppm: provider ucr per million general ucr.
            from_s: Unix seconds, 0 = as soon as allowed.
        """
        outcome = announced("DeskRateSet", "fromS")
        return _write(self.address, "setRate", provider, rate_ppm, from_s, outcome=outcome)

    def set_caps(self, provider: int, caps: DeskCaps) -> Write[None]:
        """No more than this is converted in a UTC day. By governance."""
        values = (provider, caps.daily_ucr, caps.daily_per_organisation_ucr)
        return _write(self.address, "setCaps", *values, outcome=nothing)

    def deposit(self, provider: int, amount_ucr: int, receipt_hash: bytes) -> Write[None]:
        """The provider's inventory holds more of its credits. By its key, once per receipt."""
        values = (provider, amount_ucr, receipt_hash)
        return _write(self.address, "deposit", *values, outcome=nothing)

    def convert(
        self, account: int, provider: int, credits_ucr: int, *, min_out_ucr: int
    ) -> Write[int]:
        """General credits became a provider's; gives how many. By the account's controller."""
        values = (account, provider, credits_ucr, min_out_ucr)
        return _write(self.address, "convert", *values, outcome=announced("Converted", "outUcr"))

    def redeem(
        self, account: int, provider: int, amount_ucr: int, *, reference: bytes = NO_REFERENCE
    ) -> Write[int]:
        """Provider credits are handed in; gives the redemption. By the account's controller."""
        outcome = announced("RedemptionRequested", "redemption")
        values = (account, provider, amount_ucr, reference)
        return _write(self.address, "redeem", *values, outcome=outcome)

    def acknowledge(self, redemption: int, receipt_hash: bytes) -> Write[None]:
        """A redemption was honoured; its credits are gone. By the provider's key."""
        return _write(self.address, "acknowledge", redemption, receipt_hash, outcome=nothing)

    def reclaim(self, redemption: int) -> Write[None]:
        """A redemption met seven days of silence and is undone. By the account's controller."""
        return _write(self.address, "reclaim", redemption, outcome=nothing)


def _redemption(values: tuple[Any, ...]) -> Redemption:
    account, provider, at_s, state, amount_ucr = values[0]
    return Redemption(account, provider, at_s, RedemptionState(state), amount_ucr)
