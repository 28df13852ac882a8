"""Providers: what credits convert into, and how provider credits become compute."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from tallystick.chain.bindings.provider_desk import (
    ProviderDesk,
    RedemptionState,
    compute_provider_credit_id,
)
from tallystick.client.accounts import load_tree
from tallystick.client.credit_ids import find_provider
from tallystick.client.errors import NameUnknown
from tallystick.client.reads import ListQuery, Reads, Row
from tallystick.client.signers import find_controller
from tallystick.client.wire import Wire
from tallystick.core.hashes import compute_keccak256

MS_PER_S: Final = 1_000


class RedemptionUnknown(NameUnknown):
    """No redemption has this number."""

    code = "redemption_unknown"


class ProviderView(msgspec.Struct, frozen=True):
    """A provider: rates in provider ucr per million general ucr, amounts in provider ucr."""

    id: int
    name: str
    key: str
    rate_ppm: int
    queued_ppm: int | None
    queued_from: int | None
    inventory_ucr: int
    daily_ucr: int
    daily_per_organisation_ucr: int


class ConvertedView(msgspec.Struct, frozen=True):
    """General credits that became a provider's, in ucr."""

    account: str
    provider: str
    credits_ucr: int
    got_ucr: int


class RedemptionView(msgspec.Struct, frozen=True):
    """Provider credits handed in for compute; times in Unix ms."""

    id: int
    account: str
    provider: str
    amount_ucr: int
    state: str
    requested_at: int
    created: bool = False


class Providers:
    """From credits to a provider's compute.

    Args:
        wire: the network.
        reads: who answers questions about the past.
    """

    def __init__(self, wire: Wire, reads: Callable[[], Reads]) -> None:
        self._wire = wire
        self._reads = reads
        self._desk = ProviderDesk(wire.address("ProviderDesk"))

    def providers(self) -> list[ProviderView]:
        """Every provider, its rate, inventory and daily caps."""
        count = self._wire.read(self._desk.provider_count())
        return [self._view(number) for number in range(1, count + 1)]

    def deposit(self, provider: str, amount_ucr: int, receipt: str) -> bool:
        """The provider's inventory holds more; False where this receipt was deposited before.

        Args:
            provider: its name.
            amount_ucr: provider ucr.
            receipt: what proves it to the provider; its hash goes on chain.
        """
        number, content = find_provider(self._wire, provider), _hash(receipt)
        if self._wire.read(self._desk.is_receipt_used(number, content)):
            return False
        self._wire.send_as(self._key(number), self._desk.deposit(number, amount_ucr, content))
        return True

    def preview(self, provider: str, credits_ucr: int) -> int:
        """What so many general credits convert into now, in provider ucr."""
        number = find_provider(self._wire, provider)
        return self._wire.read(self._desk.rate_of(number)).compute_out_down(credits_ucr)

    def convert(
        self, account: str, provider: str, credits_ucr: int, *, min_out_ucr: int | None = None
    ) -> ConvertedView:
        """General credits became a provider's; repeating it converts again.

        Args:
            account: whose credits.
            provider: its name.
            credits_ucr: general ucr.
            min_out_ucr: the least to get, None = what the rate gives now.
        """
        tree, number = load_tree(self._wire), find_provider(self._wire, provider)
        owner = tree.require(account)
        least = self.preview(provider, credits_ucr) if min_out_ucr is None else min_out_ucr
        write = self._desk.convert(owner, number, credits_ucr, min_out_ucr=least)
        got_ucr = self._wire.send(find_controller(self._wire, tree, owner), write)
        return ConvertedView(account, provider, credits_ucr, got_ucr)

    def redeem(
        self, account: str, provider: str, amount_ucr: int, reference: str
    ) -> RedemptionView:
        """Provider credits are handed in for compute; the same reference counts once.

        Args:
            account: whose credits.
            provider: its name.
            amount_ucr: provider ucr.
            reference: what the provider knows it by; its hash goes on chain.
        """
        tree, number = load_tree(self._wire), find_provider(self._wire, provider)
        owner, content = tree.require(account), _hash(reference)
        for row in self.redemptions(account, provider=provider):
            if row["reference_id"] == f"0x{content.hex()}" and row["account"] == account:
                return self.redemption(row["redemption"])
        write = self._desk.redeem(owner, number, amount_ucr, reference=content)
        made = self._wire.send(find_controller(self._wire, tree, owner), write)
        return msgspec.structs.replace(self.redemption(made), created=True)

    def acknowledge(self, redemption: int, receipt: str) -> RedemptionView:
        """A redemption was honoured, its credits are gone; by the provider's key."""
        found = self._wire.read(self._desk.redemption_of(redemption))
        if found.state is not RedemptionState.ACKNOWLEDGED:
            self.redemption(redemption)
            write = self._desk.acknowledge(redemption, _hash(receipt))
            self._wire.send_as(self._key(found.provider), write)
        return self.redemption(redemption)

    def reclaim(self, redemption: int) -> RedemptionView:
        """A redemption met seven days of silence and is undone; by the account's controller."""
        found = self._wire.read(self._desk.redemption_of(redemption))
        if found.state is not RedemptionState.RECLAIMED:
            self.redemption(redemption)
            signer = find_controller(self._wire, load_tree(self._wire), found.account)
            self._wire.send(signer, self._desk.reclaim(redemption))
        return self.redemption(redemption)

    def redemption(self, number: int) -> RedemptionView:
        """A redemption as it stands."""
        found = self._wire.read(self._desk.redemption_of(number))
        if found.state is RedemptionState.UNKNOWN:
            count = self._wire.read(self._desk.redemption_count())
            raise RedemptionUnknown("redemption", str(number), map(str, range(1, count + 1)))
        return RedemptionView(
            number,
            load_tree(self._wire).path(found.account),
            self._wire.read(self._desk.provider_of(found.provider)).name,
            found.amount_ucr,
            found.state.name.lower(),
            found.at_s * MS_PER_S,
        )

    def redemptions(
        self, account: str | None = None, *, provider: str | None = None, state: str | None = None
    ) -> list[Row]:
        """Redemptions, newest first."""
        where = {"provider": provider, "state": state}
        return self._reads().rows(ListQuery("redemptions", account, where, limit=None))

    def balance_ucr(self, account: str, provider: str) -> int:
        """What an account holds of a provider's credits."""
        number = find_provider(self._wire, provider)
        credit_id = compute_provider_credit_id(number)
        owner = load_tree(self._wire).require(account)
        return self._wire.read(self._wire.credits.balance_of(owner, credit_id))

    def _key(self, provider: int) -> str:
        return self._wire.read(self._desk.provider_of(provider)).key

    def _view(self, number: int) -> ProviderView:
        found = self._wire.read(self._desk.provider_of(number))
        rate = self._wire.read(self._desk.rate_of(number))
        caps = self._wire.read(self._desk.caps_of(number))
        return ProviderView(
            id=number,
            name=found.name,
            key=found.key,
            rate_ppm=rate.applied_ppm,
            queued_ppm=rate.queued_ppm or None,
            queued_from=rate.queued_from_s * MS_PER_S or None,
            inventory_ucr=self._wire.read(self._desk.inventory_of(number)),
            daily_ucr=caps.daily_ucr,
            daily_per_organisation_ucr=caps.daily_per_organisation_ucr,
        )


def _hash(text: str) -> bytes:
    return compute_keccak256(text.encode())
