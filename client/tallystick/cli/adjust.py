"""`tallystick adjust`: credits given back for a settled record."""

from __future__ import annotations

from typing import Annotated

import typer

from tallystick.cli.app import Session, command
from tallystick.cli.credit import describe_amount
from tallystick.core.units import parse_credits


def add_to(root: typer.Typer) -> None:
    """The command is part of the program."""
    command(
        root,
        "adjust",
        examples=(
            "tallystick adjust gateway-1 4711 2.5 --reason 'the call failed upstream'",
            "tallystick adjust acme/gateway-1 4711 2.5 --json",
        ),
    )(adjust)


def adjust(
    context: typer.Context,
    meter: Annotated[str, typer.Argument(metavar="METER", help="its name, or ORG/NAME")],
    seq: Annotated[int, typer.Argument(metavar="SEQ", min=0, help="the record's number")],
    amount: Annotated[str, typer.Argument(metavar="CREDITS", help="at most what it cost")],
    reason: Annotated[
        str | None, typer.Option(help="stays in the folder; a salted hash is kept")
    ] = None,
) -> None:
    """Give credits back for a settled record, once and up to its cost."""
    session: Session = context.obj
    amount_ucr = parse_credits(amount)
    with session.open_client() as client:
        session.announce(f"Crediting {describe_amount(amount_ucr)} for record {seq} of {meter}")
        done = client.corrections.credit(meter, seq, amount_ucr, reason)
    before = ", done before" if done.done_before else ""
    session.output.show(done, f"{done.project} got {describe_amount(done.amount_ucr)}{before}")
