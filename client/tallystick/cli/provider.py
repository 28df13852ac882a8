"""`tallystick provider`, `convert`, `redeem`: from credits to a provider's compute."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from tallystick.cli.amounts import format_factor
from tallystick.cli.app import Session, command, create_app
from tallystick.cli.credit import describe_amount
from tallystick.cli.parameters import AccountArgument, AmountArgument, UnderOption
from tallystick.cli.render import Table
from tallystick.cli.values import format_time
from tallystick.client.providers import RedemptionView
from tallystick.core.units import format_credits, parse_credits

app = create_app("Providers whose compute credits convert into.")
PLACES: Final = 2
MS_PER_S: Final = 1_000
ProviderArgument = Annotated[str, typer.Argument(metavar="PROVIDER", help="its name")]
RedemptionArgument = Annotated[int, typer.Argument(metavar="REDEMPTION", min=1, help="its number")]


def add_to(root: typer.Typer) -> None:
    """The commands are part of the program."""
    root.add_typer(app, name="provider")
    command(
        root,
        "convert",
        examples=(
            "tallystick convert acme/support/chat openai 100",
            "tallystick convert acme/support/chat openai 100 --at-least 89.5 --json",
        ),
    )(convert)
    command(
        root,
        "redeem",
        examples=(
            "tallystick redeem acme/support/chat openai 50 --reference order-7",
            "tallystick redeem acme/support/chat openai 50 --reference order-7 --json",
        ),
    )(redeem)


def convert(
    context: typer.Context,
    account: AccountArgument,
    provider: ProviderArgument,
    amount: AmountArgument,
    at_least: Annotated[
        str | None, typer.Option(metavar="CREDITS", help="the least to get; the rate now without")
    ] = None,
) -> None:
    """Convert credits into a provider's; repeating it converts again."""
    session: Session = context.obj
    credits_ucr = parse_credits(amount)
    with session.open_client() as client:
        out_ucr = client.providers.preview(provider, credits_ucr)
        session.announce(
            f"Converting {describe_amount(credits_ucr)} of {account} into"
            f" {format_credits(out_ucr)} of {provider}"
        )
        least_ucr = parse_credits(at_least) if at_least is not None else None
        done = client.providers.convert(account, provider, credits_ucr, min_out_ucr=least_ucr)
    session.output.show(done, f"{account} got {format_credits(done.got_ucr)} of {provider}")


def redeem(
    context: typer.Context,
    account: AccountArgument,
    provider: ProviderArgument,
    amount: AmountArgument,
    reference: Annotated[str, typer.Option(help="what the provider knows it by; counts once")],
) -> None:
    """Hand in a provider's credits for compute; the provider acknowledges it."""
    session: Session = context.obj
    amount_ucr = parse_credits(amount)
    with session.open_client() as client:
        session.announce(f"Redeeming {describe_amount(amount_ucr)} of {provider} for {account}")
        found = client.providers.redeem(account, provider, amount_ucr, reference)
    _show(session, found)


@command(
    app,
    "list",
    examples=("tallystick provider list", "tallystick provider list --json"),
)
def list_(context: typer.Context) -> None:
    """List providers, their rates, inventories and daily caps."""
    session: Session = context.obj
    with session.open_client() as client:
        found = client.providers.providers()
    rows = [
        [
            one.name,
            format_factor(one.rate_ppm),
            "-" if one.queued_ppm is None else format_factor(one.queued_ppm),
            format_credits(one.inventory_ucr, places=PLACES),
            format_credits(one.daily_ucr, places=PLACES),
            format_credits(one.daily_per_organisation_ucr, places=PLACES),
        ]
        for one in found
    ]
    columns = ("provider", "rate", "announced", "inventory", "a day", "each organisation")
    session.output.show(found, Table(columns, rows, right=frozenset(columns[1:])))


@command(
    app,
    "deposit",
    examples=(
        "tallystick provider deposit openai 10k --receipt batch-3",
        "tallystick provider deposit openai 10k --receipt batch-3 --as provider-openai",
    ),
)
def deposit(
    context: typer.Context,
    provider: ProviderArgument,
    amount: AmountArgument,
    receipt: Annotated[str, typer.Option(help="what proves it to the provider; counts once")],
) -> None:
    """Deposit a provider's credits for others to convert into; with the provider's key."""
    session: Session = context.obj
    amount_ucr = parse_credits(amount)
    with session.open_client() as client:
        session.announce(f"Depositing {describe_amount(amount_ucr)} of {provider}")
        is_new = client.providers.deposit(provider, amount_ucr, receipt)
    document = {"provider": provider, "amount_ucr": amount_ucr, "done_before": not is_new}
    session.output.show(document, "deposited" if is_new else "deposited before under this receipt")


@command(
    app,
    "acknowledge",
    examples=(
        "tallystick provider acknowledge 1 --receipt usage-2026-11",
        "tallystick provider acknowledge 1 --receipt usage-2026-11 --json",
    ),
)
def acknowledge(
    context: typer.Context,
    redemption: RedemptionArgument,
    receipt: Annotated[str, typer.Option(help="what the compute can be checked against")],
) -> None:
    """Acknowledge that a redemption was honoured: its credits are gone; the provider's key."""
    session: Session = context.obj
    with session.open_client() as client:
        session.announce(f"Acknowledging redemption {redemption}")
        found = client.providers.acknowledge(redemption, receipt)
    _show(session, found)


@command(
    app,
    "reclaim",
    examples=("tallystick provider reclaim 1", "tallystick provider reclaim 1 --json"),
)
def reclaim(context: typer.Context, redemption: RedemptionArgument) -> None:
    """Take back a redemption that met seven days of silence."""
    session: Session = context.obj
    with session.open_client() as client:
        session.announce(f"Taking back redemption {redemption}")
        found = client.providers.reclaim(redemption)
    _show(session, found)


@command(
    app,
    "redemptions",
    examples=(
        "tallystick provider redemptions --provider openai --state pending",
        "tallystick provider redemptions --under acme --json",
    ),
)
def redemptions(
    context: typer.Context,
    under: UnderOption = None,
    provider: Annotated[str | None, typer.Option(metavar="NAME", help="only this one's")] = None,
    state: Annotated[
        str | None, typer.Option(metavar="pending|overdue|acknowledged|reclaimed", help="only such")
    ] = None,
) -> None:
    """List redemptions, newest first."""
    session: Session = context.obj
    with session.open_client() as client:
        found = client.providers.redemptions(under, provider=provider, state=state)
    rows = [
        [
            str(row["redemption"]),
            row["account"],
            row["provider"],
            format_credits(row["amount_ucr"]),
            row["state"],
            format_time(row["time_s"] * MS_PER_S),
        ]
        for row in found
    ]
    columns = ("redemption", "account", "provider", "credits", "state", "requested")
    right = frozenset({"redemption", "credits"})
    session.output.show(found, Table(columns, rows, right=right))


def _show(session: Session, found: RedemptionView) -> None:
    session.output.show(
        found,
        f"redemption {found.id}: {format_credits(found.amount_ucr)} of {found.provider}"
        f" for {found.account}, {found.state}",
    )
