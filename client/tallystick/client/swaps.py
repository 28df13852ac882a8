"""Swaps: posted offers with escrow, and signed quotes for one counterparty."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import astuple, dataclass
from typing import Final

import msgspec

from tallystick.chain.bindings.swap_market import Offer, Quote, SwapMarket, sign_quote
from tallystick.client.accounts import AccountTree, load_tree
from tallystick.client.credit_ids import name_credit_id, parse_credit_id
from tallystick.client.errors import NameUnknown, QuoteInvalid
from tallystick.client.reads import ListQuery, Reads, Row
from tallystick.client.signers import find_controller
from tallystick.client.wire import Wire

MS_PER_S: Final = 1_000
QUOTE_FORMAT: Final = 1
NONCE_BITS: Final = 64


class OfferUnknown(NameUnknown):
    """No offer has this number."""

    code = "offer_unknown"


@dataclass(frozen=True)
class Terms:
    """What is given for what: kinds of credits by their words, amounts in ucr."""

    give: str
    give_ucr: int
    want: str
    want_ucr: int


class OfferView(msgspec.Struct, frozen=True):
    """A posted offer: amounts in ucr, `left` = what can still be taken; times in Unix ms."""

    id: int
    account: str
    give: str
    give_ucr: int
    want: str
    want_ucr: int
    min_fill_ucr: int
    left_ucr: int
    expires_at: int
    open: bool
    created: bool = False


class TakenView(msgspec.Struct, frozen=True):
    """What taking an offer moved, in ucr."""

    offer: int
    taker: str
    got_ucr: int
    paid_ucr: int
    left_ucr: int


class SignedQuote(msgspec.Struct, frozen=True):
    """A quote's file: everything that the taker needs, signed for one market on one chain."""

    format: int
    chain_id: int
    market: str
    maker: str
    taker: str
    give: str
    want: str
    quote: dict[str, int]
    signature: str

    def unpack(self) -> Quote:
        """The quote as it was signed."""
        return Quote(**self.quote)


class Swaps:
    """Credits for other credits.

    Args:
        wire: the network.
        reads: who answers questions about the past.
    """

    def __init__(self, wire: Wire, reads: Callable[[], Reads]) -> None:
        self._wire = wire
        self._reads = reads
        self._market = SwapMarket(wire.address("SwapMarket"))

    def offer(
        self, account: str, terms: Terms, *, lasts_s: int, min_fill_ucr: int = 0
    ) -> OfferView:
        """Credits lie in escrow for whoever pays their price; the same open offer is kept.

        Args:
            account: whose credits.
            terms: what is given and wanted in all.
            lasts_s: seconds until the offer ends, at most 30 days.
            min_fill_ucr: the least that one taker takes, in ucr given.

        Raises:
            FundsInsufficient: the account holds too few.
        """
        tree = load_tree(self._wire)
        owner = tree.require(account)
        give_id = parse_credit_id(self._wire, terms.give)
        want_id = parse_credit_id(self._wire, terms.want)
        alike = (owner, min_fill_ucr, give_id, want_id, terms.give_ucr, terms.want_ucr)
        for number, found in self._load_open().items():
            values = astuple(found)
            if (*values[:2], *values[3:7]) == alike:
                return self._view(tree, number, found)
        write = self._market.post(
            owner,
            give_id=give_id,
            give_ucr=terms.give_ucr,
            want_id=want_id,
            want_ucr=terms.want_ucr,
            min_fill_ucr=min_fill_ucr,
            expires_at_s=self._wire.clock() // MS_PER_S + lasts_s,
        )
        number = self._wire.send(find_controller(self._wire, tree, owner), write)
        found = self._wire.read(self._market.offer_of(number))
        return msgspec.structs.replace(self._view(tree, number, found), created=True)

    def take(
        self, number: int, account: str, *, give_ucr: int | None = None, max_ucr: int | None = None
    ) -> TakenView:
        """An account has taken an offer, or a part of it, at the offer's price, rounded up.

        Args:
            number: the offer's.
            account: who pays and gets the credits.
            give_ucr: how much of what is given, None = all that is left.
            max_ucr: the most it pays, None = the price now.
        """
        tree = load_tree(self._wire)
        taker, found = tree.require(account), self._require(number)
        wanted_ucr = found.left_ucr if give_ucr is None else give_ucr
        price_ucr = found.compute_price_up(wanted_ucr) if max_ucr is None else max_ucr
        write = self._market.take(number, taker, wanted_ucr, max_want_ucr=price_ucr)
        paid_ucr = self._wire.send(find_controller(self._wire, tree, taker), write)
        left_ucr = self._wire.read(self._market.offer_of(number)).left_ucr
        return TakenView(number, account, wanted_ucr, paid_ucr, left_ucr)

    def cancel(self, number: int) -> OfferView:
        """An offer has ended and what it held is back; one that has ended stays as it is."""
        tree, found = load_tree(self._wire), self._require(number)
        if found.left_ucr:
            signer = find_controller(self._wire, tree, found.account)
            self._wire.send(signer, self._market.cancel(number))
        return self.find(number)

    def find(self, number: int) -> OfferView:
        """An offer as it stands."""
        return self._view(load_tree(self._wire), number, self._require(number))

    def offers(self, account: str | None = None) -> list[OfferView]:
        """Every open offer, newest first; of one account and all below it where it is named."""
        tree = load_tree(self._wire)
        under = None if account is None else tree.require(account)
        return [
            self._view(tree, number, found)
            for number, found in reversed(self._load_open().items())
            if under is None or under in tree.ancestors(found.account)
        ]

    def history(self, account: str | None = None, *, limit: int | None = 50) -> list[Row]:
        """What was taken of offers, newest first."""
        return self._reads().rows(ListQuery("takes", account=account, limit=limit))

    def quote(self, maker: str, taker: str, terms: Terms, *, lasts_s: int) -> SignedQuote:
        """A price for one taker, signed by the maker's controller; nothing is sent.

        Args:
            maker: whose credits are given.
            taker: who alone may fill it.
            terms: what is given and wanted; wanting nothing makes it a gift.
            lasts_s: seconds until it ends, at most 15 minutes.
        """
        tree = load_tree(self._wire)
        quote = Quote(
            maker=tree.require(maker),
            taker=tree.require(taker),
            give_id=parse_credit_id(self._wire, terms.give),
            give_ucr=terms.give_ucr,
            want_id=parse_credit_id(self._wire, terms.want),
            want_ucr=terms.want_ucr,
            expires_at_s=self._wire.clock() // MS_PER_S + lasts_s,
            nonce=secrets.randbits(NONCE_BITS),
        )
        key = self._wire.keys.load(find_controller(self._wire, tree, quote.maker))
        market, chain_id = self._market.address, self._wire.network.chain_id
        signature = sign_quote(key, market, chain_id, quote)
        return SignedQuote(
            QUOTE_FORMAT,
            chain_id,
            market,
            maker,
            taker,
            terms.give,
            terms.want,
            {name: getattr(quote, name) for name in Quote.__slots__},
            f"0x{signature.hex()}",
        )

    def fill(self, signed: SignedQuote) -> bool:
        """Both sides of a quote have moved; False where they had already.

        Raises:
            QuoteInvalid: it was signed for another network.
        """
        where = (signed.chain_id, signed.market)
        here = (self._wire.network.chain_id, self._market.address)
        if where != here:
            raise QuoteInvalid(
                "a quote is for another network", expected=str(here), actual=str(where)
            )
        quote = signed.unpack()
        if self._wire.read(self._market.is_nonce_used(quote.maker, quote.nonce)):
            return False
        signer = find_controller(self._wire, load_tree(self._wire), quote.taker)
        signature = bytes.fromhex(signed.signature.removeprefix("0x"))
        self._wire.send(signer, self._market.fill(quote, signature))
        return True

    def cancel_quote(self, maker: str, nonce: int) -> bool:
        """No quote of the maker with this nonce can be filled; False where none could."""
        tree = load_tree(self._wire)
        account = tree.require(maker)
        if self._wire.read(self._market.is_nonce_used(account, nonce)):
            return False
        signer = find_controller(self._wire, tree, account)
        self._wire.send(signer, self._market.cancel_quote(account, nonce))
        return True

    def _load_open(self) -> dict[int, Offer]:
        count = self._wire.read(self._market.offer_count())
        numbers = range(1, count + 1)
        found = self._wire.read_all([self._market.offer_of(number) for number in numbers])
        return {number: one for number, one in zip(numbers, found, strict=True) if one.left_ucr}

    def _require(self, number: int) -> Offer:
        found = self._wire.read(self._market.offer_of(number))
        if not found.account:
            raise OfferUnknown("offer", str(number), map(str, self._load_open()))
        return found

    def _view(self, tree: AccountTree, number: int, found: Offer) -> OfferView:
        return OfferView(
            id=number,
            account=tree.path(found.account),
            give=name_credit_id(self._wire, found.give_id),
            give_ucr=found.give_ucr,
            want=name_credit_id(self._wire, found.want_id),
            want_ucr=found.want_ucr,
            min_fill_ucr=found.min_fill_ucr,
            left_ucr=found.left_ucr,
            expires_at=found.expires_at_s * MS_PER_S,
            open=found.left_ucr > 0,
        )
