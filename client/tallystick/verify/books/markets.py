"""Swaps, providers and plans: prices kept, escrow and inventory whole, invoices paid once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from tallystick.chain.bindings.credits import PROVIDER
from tallystick.chain.decode import Event
from tallystick.core.tariff import div_up
from tallystick.core.units import PPM
from tallystick.verify.books.finding import Finding, compare
from tallystick.verify.verdict import Check

FILLED: Final = 1
EXPIRED: Final = 3
SECONDS_PER_DAY: Final = 86_400


@dataclass(slots=True)
class OpenOffer:
    """A posted offer that is not closed."""

    account: int
    give_id: int
    give_ucr: int
    want_id: int
    want_ucr: int
    min_fill_ucr: int
    expires_at_s: int
    left_ucr: int


@dataclass(slots=True)
class Waiting:
    """A redemption that its provider has not answered."""

    account: int
    provider: int
    amount_ucr: int


@dataclass(slots=True)
class SwapBook:
    """The open offers by number."""

    offers: dict[int, OpenOffer] = field(default_factory=dict)

    def compute_escrow(self) -> Counter[int]:
        """What lies in escrow by credit id: what is left of all open offers."""
        escrow_ucr: Counter[int] = Counter()
        for offer in self.offers.values():
            escrow_ucr[offer.give_id] += offer.left_ucr
        return escrow_ucr

    def apply(
        self, event: Event, time_s: int, find_organisation: Callable[[int], int]
    ) -> Iterator[Finding]:
        """The book knows of one event of SwapMarket.

        Args:
            event: of SwapMarket.
            time_s: its block's.
            find_organisation: of an account.
        """
        args = event.args
        match event.name:
            case "OfferPosted":
                self.offers[args["offer"]] = OpenOffer(
                    args["account"],
                    args["giveId"],
                    args["giveUcr"],
                    args["wantId"],
                    args["wantUcr"],
                    args["minFillUcr"],
                    args["expiresAtS"],
                    args["giveUcr"],
                )
            case "OfferTaken":
                yield from self._take(event, time_s)
                offer = self.offers.get(args["offer"])
                maker = offer.account if offer else 0
                yield from _check_flag(event, maker, find_organisation)
            case "QuoteFilled":
                yield from _check_flag(event, args["maker"], find_organisation)
            case "OfferClosed":
                yield from self._close(event, time_s)

    def _take(self, event: Event, time_s: int) -> Iterator[Finding]:
        args, number = event.args, event.args["offer"]
        offer = self.offers.get(number)
        if offer is None:
            yield Finding(Check.SWAPS, "an open offer", number, "offer taken")
            return
        give_ucr = args["giveUcr"]
        want_ucr = div_up(give_ucr * offer.want_ucr, offer.give_ucr)
        what = f"offer {number}"
        yield from compare(Check.SWAPS, want_ucr, args["wantUcr"], f"price of {what}, ucr")
        left_ucr = offer.left_ucr - give_ucr
        yield from compare(Check.SWAPS, left_ucr, args["leftUcr"], f"left of {what}, ucr")
        if give_ucr < min(offer.min_fill_ucr, offer.left_ucr) or left_ucr < 0:
            yield Finding(Check.SWAPS, offer.min_fill_ucr, give_ucr, f"fill of {what}, ucr")
        if time_s >= offer.expires_at_s:
            yield Finding(Check.SWAPS, f"before {offer.expires_at_s}", time_s, f"time of {what}")
        offer.left_ucr = args["leftUcr"]

    def _close(self, event: Event, time_s: int) -> Iterator[Finding]:
        args = event.args
        offer = self.offers.pop(args["offer"], None)
        left_ucr = offer.left_ucr if offer else 0
        what = f"returned of offer {args['offer']}, ucr"
        yield from compare(Check.SWAPS, left_ucr, args["returnedUcr"], what)
        if args["why"] == FILLED and left_ucr:
            yield Finding(Check.SWAPS, 0, left_ucr, f"left of filled offer {args['offer']}, ucr")
        if args["why"] == EXPIRED and offer and time_s < offer.expires_at_s:
            yield Finding(Check.SWAPS, offer.expires_at_s, time_s, f"end of offer {args['offer']}")


def _check_flag(
    event: Event, maker: int, find_organisation: Callable[[int], int]
) -> Iterator[Finding]:
    """Whether trades inside one organisation are flagged as such."""
    is_same = find_organisation(maker) == find_organisation(event.args["taker"])
    told = event.args["isSameOrganisation"]
    yield from compare(Check.SWAPS, str(is_same), str(told), f"same organisation, {event.name}")


@dataclass(slots=True)
class DeskBook:
    """Providers' rates, inventories and redemptions that wait."""

    rates: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    """(from, rate) by provider; the last may lie ahead."""
    caps_ucr: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Of a UTC day by provider: everyone's, one organisation's."""
    paid_ucr: dict[tuple[int, int, int], int] = field(default_factory=dict)
    """By provider, organisation (0 = everyone) and UTC day."""
    inventory_ucr: dict[int, int] = field(default_factory=dict)
    waiting: dict[int, Waiting] = field(default_factory=dict)
    """By redemption."""

    def compute_inventory(self) -> Counter[int]:
        """What providers' inventories hold, by credit id."""
        return Counter({PROVIDER + of: ucr for of, ucr in self.inventory_ucr.items()})

    def compute_pending(self) -> Counter[int]:
        """What waits to be acknowledged, by credit id."""
        pending_ucr: Counter[int] = Counter()
        for waiting in self.waiting.values():
            pending_ucr[PROVIDER + waiting.provider] += waiting.amount_ucr
        return pending_ucr

    def apply(
        self, event: Event, time_s: int, find_organisation: Callable[[int], int]
    ) -> Iterator[Finding]:
        """The book knows of one event of ProviderDesk; see `SwapBook.apply`."""
        args = event.args
        match event.name:
            case "DeskRateSet":
                self._set_rate(args["provider"], args["fromS"], args["ratePpm"], time_s)
            case "DeskCapsSet":
                caps_ucr = args["dailyUcr"], args["dailyPerOrganisationUcr"]
                self.caps_ucr[args["provider"]] = caps_ucr
            case "InventoryDeposited":
                yield from self._deposit(event)
            case "Converted":
                yield from self._convert(event, time_s)
                for organisation in (0, find_organisation(args["account"])):
                    yield from self._use_cap(event, organisation, time_s)
            case "RedemptionRequested":
                self.waiting[args["redemption"]] = Waiting(
                    args["account"], args["provider"], args["amountUcr"]
                )
            case "RedemptionAcknowledged" | "RedemptionReclaimed":
                if self.waiting.pop(args["redemption"], None) is None:
                    yield Finding(
                        Check.REDEMPTIONS, "a redemption that waits", args["redemption"], event.name
                    )

    def _set_rate(self, provider: int, from_s: int, rate_ppm: int, time_s: int) -> None:
        rates = self.rates.setdefault(provider, [])
        if rates and rates[-1][0] > time_s:
            rates.pop()  # announced, and replaced before it held
        rates.append((from_s, rate_ppm))

    def _deposit(self, event: Event) -> Iterator[Finding]:
        args, provider = event.args, event.args["provider"]
        inventory_ucr = self.inventory_ucr.get(provider, 0) + args["amountUcr"]
        what = f"inventory of provider {provider}, ucr"
        yield from compare(Check.CONVERSIONS, inventory_ucr, args["inventoryUcr"], what)
        self.inventory_ucr[provider] = args["inventoryUcr"]

    def _convert(self, event: Event, time_s: int) -> Iterator[Finding]:
        args, provider = event.args, event.args["provider"]
        what = f"of provider {provider}"
        rate_ppm = self._compute_rate_ppm(provider, time_s)
        yield from compare(Check.CONVERSIONS, rate_ppm, args["ratePpm"], f"rate {what}, ppm")
        out_ucr = args["creditsUcr"] * args["ratePpm"] // PPM
        yield from compare(Check.CONVERSIONS, out_ucr, args["outUcr"], f"converted {what}, ucr")
        self.inventory_ucr[provider] = self.inventory_ucr.get(provider, 0) - args["outUcr"]

    def _use_cap(self, event: Event, organisation: int, time_s: int) -> Iterator[Finding]:
        provider = event.args["provider"]
        day = provider, organisation, time_s // SECONDS_PER_DAY
        paid_ucr = self.paid_ucr[day] = self.paid_ucr.get(day, 0) + event.args["outUcr"]
        cap_ucr = self.caps_ucr.get(provider, (0, 0))[organisation != 0]
        if paid_ucr > cap_ucr:
            whose = f"organisation {organisation}" if organisation else "everyone"
            what = f"a day's cap of {whose} with provider {provider}, ucr"
            yield Finding(Check.CONVERSIONS, cap_ucr, paid_ucr, what)

    def _compute_rate_ppm(self, provider: int, time_s: int) -> int:
        """The worse of the rate in force and the one announced; 0 without one in force."""
        rates = self.rates.get(provider, [])
        now_ppm = max(((at, ppm) for at, ppm in rates if at <= time_s), default=(0, 0))[1]
        return min([now_ppm, *(ppm for at, ppm in rates if at > time_s)])


@dataclass(slots=True)
class PlanBook:
    """Plans by project, and what every reported invoice brings, by its hash in hexadecimal."""

    plans: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Credits in ucr, and their price in cents."""
    invoices: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    """Project, cents and credits; those reported and not confirmed."""
    paid: dict[str, bool] = field(default_factory=dict)
    """Hashes of confirmed invoices."""

    def apply(self, event: Event) -> Iterator[Finding]:
        """The book knows of one event of Plans."""
        args = event.args
        match event.name:
            case "PlanSet":
                self.plans[args["project"]] = (args["creditsUcr"], args["priceCents"])
            case "InvoiceReported":
                yield from self._report(event)
            case "InvoiceConfirmed":
                yield from self._confirm(event)

    def _report(self, event: Event) -> Iterator[Finding]:
        args, key = event.args, event.args["invoiceHash"].hex()
        plan_ucr, price_cents = self.plans.get(args["project"], (0, 1))
        credits_ucr = args["paidCents"] * plan_ucr // price_cents if price_cents else 0
        yield from compare(
            Check.INVOICES, credits_ucr, args["creditsUcr"], f"credits of invoice {key}, ucr"
        )
        if key in self.invoices or key in self.paid:
            yield Finding(Check.INVOICES, "one report", "another", f"invoice {key}")
        self.invoices[key] = (args["project"], args["paidCents"], args["creditsUcr"])

    def _confirm(self, event: Event) -> Iterator[Finding]:
        args, key = event.args, event.args["invoiceHash"].hex()
        expected = self.invoices.pop(key, None)
        actual = (args["project"], args["paidCents"], args["creditsUcr"])
        if expected != actual:
            what = f"project, cents and credits of invoice {key}"
            yield Finding(Check.INVOICES, str(expected), str(actual), what)
        self.paid[key] = True
