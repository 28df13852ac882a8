"""`tallystick invoice`: invoices that clients paid, and the plan credits that they bring."""

from __future__ import annotations

from typing import Annotated

import typer

from tallystick.cli.amounts import format_cents, format_who
from tallystick.cli.app import Session, command, create_app
from tallystick.cli.credit import describe_amount
from tallystick.cli.parameters import UnderOption
from tallystick.cli.render import Table
from tallystick.cli.values import parse_cents
from tallystick.client.plans import InvoiceView
from tallystick.core.units import format_credits

app = create_app("Invoices that clients paid.")
InvoiceArgument = Annotated[
    str,
    typer.Argument(metavar="INVOICE", help="its number, which stays here, or its hash on chain"),
]


def add_to(root: typer.Typer) -> None:
    """The commands are part of the program."""
    root.add_typer(app, name="invoice")


@command(
    app,
    "report",
    examples=(
        "tallystick invoice report agency/clients/zoo 2026-0117 '$200'",
        "tallystick invoice report agency/clients/zoo 2026-0118 '$99.50' --json",
    ),
)
def report(
    context: typer.Context,
    project: Annotated[str, typer.Argument(metavar="PROJECT", help="the client's")],
    invoice: InvoiceArgument,
    paid: Annotated[str, typer.Argument(metavar="PAID", help="US dollars, such as $200")],
) -> None:
    """Report that a client paid; somebody else has to confirm it."""
    session: Session = context.obj
    paid_cents = parse_cents(paid)
    with session.open_client() as client:
        session.announce(f"{project} paid {format_cents(paid_cents)}, invoice {invoice}")
        found = client.plans.report_invoice(project, invoice, paid_cents)
    _show(session, found)


@command(
    app,
    "confirm",
    examples=(
        "tallystick invoice confirm 2026-0117",
        "tallystick invoice confirm 0x9a0c...51 --as confirmer-1",
    ),
)
def confirm(context: typer.Context, invoice: InvoiceArgument) -> None:
    """Confirm that an invoice was paid: its plan credits are minted."""
    session: Session = context.obj
    with session.open_client() as client:
        session.announce(f"Confirming invoice {invoice}")
        found = client.plans.confirm_invoice(invoice)
    _show(session, found)


@command(
    app,
    "list",
    examples=("tallystick invoice list", "tallystick invoice list --under agency --json"),
)
def list_(
    context: typer.Context,
    under: UnderOption = None,
) -> None:
    """List invoices, newest first."""
    session: Session = context.obj
    with session.open_client() as client:
        found = client.plans.invoices(under)
    rows = [
        [
            row["project"],
            format_who(row["invoice_hash"]),
            format_cents(row["paid_cents"]),
            format_credits(row["credits_ucr"]),
            row["state"],
        ]
        for row in found
    ]
    columns = ("project", "invoice", "paid", "credits", "state")
    session.output.show(found, Table(columns, rows, right=frozenset({"paid", "credits"})))


def _show(session: Session, found: InvoiceView) -> None:
    state = "confirmed" if found.confirmed else "reported, waits for its confirmation"
    before = ", done before" if found.done_before else ""
    brings = describe_amount(found.credits_ucr)
    what = f"invoice {found.invoice} of {found.project}: {brings}"
    session.output.show(found, what, f"{state}{before}")
