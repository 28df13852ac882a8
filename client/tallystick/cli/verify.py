"""`tallystick verify`: the whole ledger recomputed from the chain alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tallystick.cli.app import Session, command
from tallystick.cli.render import Table
from tallystick.verify.verdict import Verdict

DISAGREEMENT = 1


def add_to(root: typer.Typer) -> None:
    """The command is part of the program."""
    command(
        root,
        "verify",
        examples=(
            "tallystick verify",
            "tallystick verify --rpc http://127.0.0.1:8545 --ledger 0x5fbd...0aa3 --json",
        ),
    )(verify)


def verify(
    context: typer.Context,
    to_block: Annotated[
        int | None, typer.Option(min=0, metavar="N", help="up to this block; the newest without")
    ] = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="go on from here next time; kept if all agrees"),
    ] = None,
) -> None:
    """Recompute the whole ledger from the chain alone.

    Signatures, quorum, prices, cursors, totals and balances are checked from calldata and events;
    no validator's database is asked.
    """
    session: Session = context.obj
    with session.open_client() as client, session.output.progress("verifying") as progress:
        verdict = client.verify(
            to_block=to_block,
            checkpoint=checkpoint,
            progress=lambda block, head, _: progress(block, head),
        )
    session.output.show(verdict.as_dict(), describe(verdict), create_table(verdict))
    if not verdict.is_verified:
        session.exit_code = DISAGREEMENT


def describe(verdict: Verdict) -> str:
    """The verdict in a sentence or two."""
    scope = (
        f"{verdict.records:,} records in {verdict.batches:,} batches up to block {verdict.block:,}"
    )
    first = verdict.first_disagreement
    if first is None:
        return f"verified: {scope}\n"
    where = [
        f"{name} {value}"
        for name in ("batch", "segment", "record", "block")
        if (value := getattr(first, name)) is not None
    ]
    return (
        f"NOT VERIFIED: {scope}\n"
        f"{first.check}{f' ({first.what})' if first.what else ''} at {', '.join(where)}:"
        f" expected {first.expected}, found {first.actual}\n"
    )


def create_table(verdict: Verdict) -> Table:
    """One line per check."""
    rows = [
        [str(check), "holds" if holds else "DISAGREES"] for check, holds in verdict.checks.items()
    ]
    return Table(("check", "outcome"), rows)
