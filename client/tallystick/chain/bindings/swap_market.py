"""Credits for other credits: posted offers and signed quotes, as the SwapMarket keeps them."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from enum import IntEnum
from functools import partial
from typing import Any, Final

from coincurve import PrivateKey

from tallystick.chain.calls import View, Write, announced, first, nothing, view, write
from tallystick.core.tariff import div_up
from tallystick.core.typed_data import (
    compute_domain,
    compute_typed_digest,
    encode_word,
    sign_typed_digest,
)

MIN_SIZE_UCR: Final = 1_000_000
MAX_OPEN_OFFERS: Final = 64
MAX_OFFER_S: Final = 30 * 86_400
MAX_QUOTE_S: Final = 15 * 60

_DOMAIN_NAME: Final = "Tallystick SwapMarket"
_QUOTE_TYPE: Final = (
    "Quote(uint32 maker,uint32 taker,uint256 giveId,uint128 giveUcr,"
    "uint256 wantId,uint128 wantUcr,uint64 expiresAtS,uint256 nonce)"
)

_view = partial(view, "SwapMarket")
_write = partial(write, "SwapMarket")


class OfferEnd(IntEnum):
    """Why an offer is closed, as its event says."""

    FILLED = 1
    CANCELLED = 2
    EXPIRED = 3


@dataclass(frozen=True, slots=True)
class Offer:
    """A posted offer as it stands. Amounts in ucr; `left_ucr` 0 = it is closed."""

    account: int
    min_fill_ucr: int
    expires_at_s: int
    give_id: int
    want_id: int
    give_ucr: int
    want_ucr: int
    left_ucr: int

    def compute_price_up(self, give_ucr: int) -> int:
        """What taking so much of the offer costs in ucr, rounded up."""
        return div_up(give_ucr * self.want_ucr, self.give_ucr)


@dataclass(frozen=True, slots=True)
class Quote:
    """A price for one named taker, filled whole. Amounts in ucr; `want_ucr` 0 = a gift."""

    maker: int
    taker: int
    give_id: int
    give_ucr: int
    want_id: int
    want_ucr: int
    expires_at_s: int
    nonce: int


def compute_quote_digest(market: str, chain_id: int, quote: Quote) -> bytes:
    """The 32 bytes that a controller of the maker signs, for this market on this chain."""
    domain = compute_domain(_DOMAIN_NAME, chain_id, bytes.fromhex(market.removeprefix("0x")))
    return compute_typed_digest(domain, _QUOTE_TYPE, *map(encode_word, astuple(quote)))


def sign_quote(key: PrivateKey, market: str, chain_id: int, quote: Quote) -> bytes:
    """The 65 bytes that make a quote binding, by a controller of the maker's account."""
    return sign_typed_digest(key, compute_quote_digest(market, chain_id, quote))


@dataclass(frozen=True, slots=True)
class SwapMarket:
    """The SwapMarket at an address."""

    address: str

    def offer_count(self) -> View[int]:
        """The latest offer's id, 0 = none yet."""
        return _view(self.address, "offerCount", shape=first)

    def offer_of(self, offer: int) -> View[Offer]:
        """An offer as it stands, all zero where there is none."""
        return _view(self.address, "offerOf", offer, shape=_offer)

    def open_offers_of(self, organisation: int) -> View[int]:
        """How many offers of the organisation's accounts are open."""
        return _view(self.address, "openOffersOf", organisation, shape=first)

    def is_nonce_used(self, maker: int, nonce: int) -> View[bool]:
        """Whether a quote of the maker with this nonce was filled or cancelled."""
        return _view(self.address, "isNonceUsed", maker, nonce, shape=first)

    def quote_digest(self, quote: Quote) -> View[bytes]:
        """What the contract takes for signed; see `compute_quote_digest`."""
        return _view(self.address, "quoteDigest", astuple(quote), shape=first)

    def post(
        self,
        account: int,
        *,
        give_id: int,
        give_ucr: int,
        want_id: int,
        want_ucr: int,
        expires_at_s: int,
        min_fill_ucr: int = 0,
    ) -> Write[int]:
        """Credits lie in escrow for whoever pays their price; gives the offer's id.

        By the account's controller.
        """
        values = (account, give_id, give_ucr, want_id, want_ucr, min_fill_ucr, expires_at_s)
        return _write(self.address, "post", *values, outcome=announced("OfferPosted", "offer"))

    def take(self, offer: int, account: int, give_ucr: int, *, max_want_ucr: int) -> Write[int]:
        """The account took so much of an offer; gives what it paid. By its controller."""
        values = (offer, account, give_ucr, max_want_ucr)
        return _write(self.address, "take", *values, outcome=announced("OfferTaken", "wantUcr"))

    def cancel(self, offer: int) -> Write[int]:
        """The offer has ended; gives what came back. By the controller of who posted it."""
        outcome = announced("OfferClosed", "returnedUcr")
        return _write(self.address, "cancel", offer, outcome=outcome)

    def expire(self, offer: int) -> Write[int]:
        """An offer past its end is closed; gives what went back. By anyone."""
        outcome = announced("OfferClosed", "returnedUcr")
        return _write(self.address, "expire", offer, outcome=outcome)

    def fill(self, quote: Quote, signature: bytes) -> Write[None]:
        """Both sides of a quote have moved. By the taker's controller."""
        return _write(self.address, "fill", astuple(quote), signature, outcome=nothing)

    def cancel_quote(self, maker: int, nonce: int) -> Write[None]:
        """No quote of the maker with this nonce can be filled. By the maker's controller."""
        return _write(self.address, "cancelQuote", maker, nonce, outcome=nothing)


def _offer(values: tuple[Any, ...]) -> Offer:
    return Offer(*values[0])
