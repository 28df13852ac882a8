"""`tallystick grant` and `tallystick transfer`: credits given and moved."""

from __future__ import annotations

from typing import Annotated

import typer

from tallystick.cli.app import Session, command
from tallystick.client.credits import Moved
from tallystick.core.units import format_credits, parse_credits

AmountArgument = Annotated[str, typer.Argument(metavar="CREDITS", help="such as 12.8, 1_000 or 1k")]
KeyOption = Annotated[
    str | None, typer.Option("--id", metavar="KEY", help="makes repeating the command harmless")
]


def add_to(root: typer.Typer) -> None:
    """The commands are part of the program."""
    command(
        root,
        "grant",
        examples=(
            "tallystick grant acme/support/chat 500",
            "tallystick grant acme/support/chat 1k --id 2026-11",
        ),
    )(grant)
    command(
        root,
        "transfer",
        examples=(
            "tallystick transfer acme/support acme/support/chat 12.8",
            "tallystick transfer acme/a/x acme/b/y 100 --id move-7 --json",
        ),
    )(transfer)


def grant(
    context: typer.Context,
    path: Annotated[str, typer.Argument(metavar="PATH", help="the account that gets them")],
    amount: AmountArgument,
    key: KeyOption = None,
) -> None:
    """Give an account new credits.

    An overdraft is repaid from them first.
    """
    session: Session = context.obj
    amount_ucr = parse_credits(amount)
    with session.open_client() as client:
        session.announce(f"Granting {describe_amount(amount_ucr)} to {path}")
        moved = client.grant(path, amount_ucr, key=key)
    document = {"path": path, "amount_ucr": amount_ucr, "id": key, "done_before": moved.done_before}
    session.output.show(document, _describe(moved, f"{path} got"))


def transfer(
    context: typer.Context,
    source: Annotated[str, typer.Argument(metavar="FROM", help="the account that has them")],
    target: Annotated[str, typer.Argument(metavar="TO", help="the account that gets them")],
    amount: AmountArgument,
    key: KeyOption = None,
) -> None:
    """Move credits inside an organisation."""
    session: Session = context.obj
    amount_ucr = parse_credits(amount)
    with session.open_client() as client:
        session.announce(f"Moving {describe_amount(amount_ucr)} from {source} to {target}")
        moved = client.transfer(source, target, amount_ucr, key=key)
    document = {
        "from": source,
        "to": target,
        "amount_ucr": amount_ucr,
        "id": key,
        "done_before": moved.done_before,
    }
    session.output.show(document, _describe(moved, f"{target} got"))


def describe_amount(amount_ucr: int) -> str:
    """An amount with its echo in micro-credits."""
    return f"{format_credits(amount_ucr)} credits ({amount_ucr} ucr)"


def _describe(moved: Moved, what: str) -> str:
    before = ", done before under this id" if moved.done_before else ""
    return f"{what} {describe_amount(moved.amount_ucr)}{before}"
