"""`tallystick swap`: credits for other credits."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer

from tallystick.cli.app import Session, command, create_app
from tallystick.cli.errors import UsageInvalid
from tallystick.cli.parameters import AccountArgument, UnderOption
from tallystick.cli.render import Table
from tallystick.cli.values import format_time, parse_length_s
from tallystick.client.errors import QuoteInvalid
from tallystick.client.swaps import OfferView, SignedQuote, Terms
from tallystick.core.units import format_credits, parse_credits

app = create_app("Credits for other credits: offers for all, quotes for one.")
quotes = create_app("Signed quotes for one counterparty; a gift is a quote that wants nothing.")
app.add_typer(quotes, name="rfq")
OfferArgument = Annotated[int, typer.Argument(metavar="OFFER", min=1, help="its number")]
GiveOption = Annotated[
    str, typer.Option(metavar="CREDITS[:KIND]", help="such as 100, or 100:provider:openai")
]
WantOption = Annotated[str, typer.Option(metavar="CREDITS[:KIND]", help="what is paid for all")]
COLUMNS: Final = ("offer", "account", "gives", "wants", "left", "at least", "until", "state")


def add_to(root: typer.Typer) -> None:
    """The commands are part of the program."""
    root.add_typer(app, name="swap")


@command(
    app,
    "offer",
    examples=(
        "tallystick swap offer acme/a/x --give 100 --want 95:provider:openai",
        "tallystick swap offer acme/a/x --give 50:provider:openai --want 60 --for 3d --min 10",
    ),
)
def offer(
    context: typer.Context,
    account: AccountArgument,
    give: GiveOption,
    want: WantOption,
    lasts: Annotated[str, typer.Option("--for", metavar="LENGTH", help="at most 30d")] = "7d",
    minimum: Annotated[
        str | None, typer.Option("--min", metavar="CREDITS", help="the least one taker takes")
    ] = None,
) -> None:
    """Post an offer; what it gives lies in escrow until it is taken, cancelled or over."""
    session: Session = context.obj
    terms = _parse_terms(give, want)
    min_fill_ucr = parse_credits(minimum) if minimum is not None else 0
    with session.open_client() as client:
        session.announce(f"{account} offers {_describe(terms)} for {lasts}")
        found = client.swaps.offer(
            account, terms, lasts_s=parse_length_s(lasts), min_fill_ucr=min_fill_ucr
        )
    verb = "posted" if found.created else "stands already"
    session.output.show(found, f"offer {found.id} {verb}", _table([found]))


@command(
    app,
    "take",
    examples=(
        "tallystick swap take 1 acme/b/y",
        "tallystick swap take 1 acme/b/y --amount 25 --at-most 24",
    ),
)
def take(
    context: typer.Context,
    number: OfferArgument,
    account: AccountArgument,
    amount: Annotated[
        str | None,
        typer.Option(metavar="CREDITS", help="of what is given; all without"),
    ] = None,
    at_most: Annotated[
        str | None, typer.Option(metavar="CREDITS", help="the most to pay; the price now without")
    ] = None,
) -> None:
    """Take an offer, or a part of it, at its price, rounded up."""
    session: Session = context.obj
    with session.open_client() as client:
        found = client.swaps.find(number)
        session.announce(
            f"{account} takes {amount or format_credits(found.left_ucr)} {found.give} of offer"
            f" {number} and pays {found.want}"
        )
        taken = client.swaps.take(
            number,
            account,
            give_ucr=parse_credits(amount) if amount is not None else None,
            max_ucr=parse_credits(at_most) if at_most is not None else None,
        )
    session.output.show(
        taken,
        f"{account} got {format_credits(taken.got_ucr)} {found.give} for"
        f" {format_credits(taken.paid_ucr)} {found.want}",
    )


@command(
    app,
    "cancel",
    examples=("tallystick swap cancel 1", "tallystick swap cancel 1 --json"),
)
def cancel(context: typer.Context, number: OfferArgument) -> None:
    """Cancel an offer; what is left of it comes back."""
    session: Session = context.obj
    with session.open_client() as client:
        session.announce(f"Cancelling offer {number}")
        found = client.swaps.cancel(number)
    session.output.show(found, f"offer {number} is closed")


@command(
    app,
    "list",
    examples=("tallystick swap list", "tallystick swap list --under acme --taken --json"),
)
def list_(
    context: typer.Context,
    under: UnderOption = None,
    taken: Annotated[bool, typer.Option("--taken", help="what was taken instead")] = False,
) -> None:
    """List open offers, newest first, or what was taken."""
    session: Session = context.obj
    with session.open_client() as client:
        if taken:
            rows = client.swaps.history(under)
            session.output.show(rows, _table_of_takes(rows))
            return
        found = client.swaps.offers(under)
    session.output.show(found, _table(found))


@command(
    quotes,
    "make",
    examples=(
        "tallystick swap rfq make acme/a/x acme/b/y --give 10 --want 9:provider:openai -o q.json",
        "tallystick swap rfq make acme/a/x globex/c/z --give 10 --want 0 -o gift.json",
    ),
)
def make(
    context: typer.Context,
    maker: Annotated[str, typer.Argument(metavar="MAKER", help="whose credits are given")],
    taker: Annotated[str, typer.Argument(metavar="TAKER", help="who alone may fill it")],
    give: GiveOption,
    want: WantOption,
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FILE", help="the quote's file")
    ],
    lasts: Annotated[str, typer.Option("--for", metavar="LENGTH", help="at most 15m")] = "10m",
) -> None:
    """Sign a quote into a file; the taker fills it, nothing is sent before."""
    session: Session = context.obj
    terms = _parse_terms(give, want)
    with session.open_client() as client:
        session.announce(f"Quoting {taker}: {_describe(terms)} for {lasts}")
        signed = client.swaps.quote(maker, taker, terms, lasts_s=parse_length_s(lasts))
    output.write_bytes(msgspec.json.format(msgspec.json.encode(signed)) + b"\n")
    session.output.show(signed, f"quote written to {output}")


@command(
    quotes,
    "fill",
    examples=("tallystick swap rfq fill q.json", "tallystick swap rfq fill q.json --json"),
)
def fill(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="the quote's file")],
) -> None:
    """Fill a quote that was made for an account of yours: both sides move at once."""
    session: Session = context.obj
    signed = _load_quote(file)
    with session.open_client() as client:
        quote = signed.unpack()
        terms = Terms(signed.give, quote.give_ucr, signed.want, quote.want_ucr)
        session.announce(f"{signed.taker} fills the quote of {signed.maker}: {_describe(terms)}")
        is_new = client.swaps.fill(signed)
    document = {"maker": signed.maker, "taker": signed.taker, "filled": True, "created": is_new}
    session.output.show(document, "filled" if is_new else "it was filled or cancelled before")


@command(
    quotes,
    "cancel",
    examples=("tallystick swap rfq cancel q.json", "tallystick swap rfq cancel q.json --json"),
)
def cancel_quote(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="the quote's file")],
) -> None:
    """Cancel a quote that you made: nobody can fill it any more."""
    session: Session = context.obj
    signed = _load_quote(file)
    with session.open_client() as client:
        session.announce(f"Cancelling the quote of {signed.maker} for {signed.taker}")
        is_new = client.swaps.cancel_quote(signed.maker, signed.unpack().nonce)
    document = {"maker": signed.maker, "taker": signed.taker, "cancelled": is_new}
    session.output.show(document, "cancelled" if is_new else "it was filled or cancelled before")


def _load_quote(file: Path) -> SignedQuote:
    if not file.is_file():
        raise UsageInvalid("there is no such quote", expected="a file", actual=str(file))
    try:
        return msgspec.json.decode(file.read_bytes(), type=SignedQuote)
    except msgspec.DecodeError as error:
        raise QuoteInvalid(f"{file} is no quote", actual=str(error)) from error


def _parse_terms(give: str, want: str) -> Terms:
    give_amount, _, give_kind = give.partition(":")
    want_amount, _, want_kind = want.partition(":")
    return Terms(
        give_kind or "general",
        parse_credits(give_amount),
        want_kind or "general",
        parse_credits(want_amount),
    )


def _describe(terms: Terms) -> str:
    gives = f"{format_credits(terms.give_ucr)} {terms.give} ({terms.give_ucr} ucr)"
    if not terms.want_ucr:
        return f"{gives} as a gift"
    return f"{gives} for {format_credits(terms.want_ucr)} {terms.want} ({terms.want_ucr} ucr)"


def _table(found: list[OfferView]) -> Table:
    rows = [
        [
            str(one.id),
            one.account,
            f"{format_credits(one.give_ucr)} {one.give}",
            f"{format_credits(one.want_ucr)} {one.want}",
            format_credits(one.left_ucr),
            format_credits(one.min_fill_ucr),
            format_time(one.expires_at),
            "open" if one.open else "closed",
        ]
        for one in found
    ]
    return Table(COLUMNS, rows, right=frozenset({"offer", "left", "at least"}))


def _table_of_takes(found: list[dict[str, object]]) -> Table:
    columns = ("offer", "maker", "taker", "got", "paid", "same organisation")
    rows = [
        [
            str(row["offer"]),
            str(row["maker"]),
            str(row["taker"]),
            f"{format_credits(int(str(row['give_ucr'])))} {row['give']}",
            f"{format_credits(int(str(row['want_ucr'])))} {row['want']}",
            "yes" if row["is_same_organisation"] else "no",
        ]
        for row in found
    ]
    return Table(columns, rows, right=frozenset({"offer"}))
