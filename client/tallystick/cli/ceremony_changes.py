"""`tallystick network add-validator`, `remove-validator` and `rotate-key`: members by a vote."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from tallystick.cli.amounts import list_changes
from tallystick.cli.app import Session, command
from tallystick.cli.render import Table
from tallystick.cli.values import format_time

if TYPE_CHECKING:
    from tallystick.ceremony.cards import Card
    from tallystick.ceremony.changes import Draft
    from tallystick.ceremony.proposing import ChangeView, MemberChanges
    from tallystick.client.proposals.changes import Change

CardArgument = Annotated[Path, typer.Argument(metavar="CARD", help="the member's card")]
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="the validator's")]
DryOption = Annotated[
    bool, typer.Option("--dry-run", help="show what it would change, propose nothing")
]
SeatOption = Annotated[
    str | None, typer.Option(metavar="ADDRESS", help="its seat, where no card here tells")
]
_WORDS: Final = {
    "proposed": "proposed",
    "proposed_before": "was proposed before",
    "previewed": "would be proposed",
    "coming": "is decided, and comes into force after the set's lead",
    "in_force": "is in force: there is nothing to vote on",
}


def add_to(app: typer.Typer) -> None:
    """The commands are part of the group."""
    for name, function, examples in (
        (
            "add-validator",
            add_validator,
            (
                "tallystick network add-validator echo.card.json",
                "tallystick network add-validator echo.card.json --organisation echo --json",
            ),
        ),
        (
            "remove-validator",
            remove_validator,
            (
                "tallystick network remove-validator dune",
                "tallystick network remove-validator dune --keep-seat --dry-run",
            ),
        ),
        (
            "rotate-key",
            rotate_key,
            (
                "tallystick network rotate-key acme --card acme.2.card.json",
                "tallystick network rotate-key acme --card acme.2.card.json --dry-run --json",
            ),
        ),
    ):
        command(app, name, examples=examples)(function)


def add_validator(
    context: typer.Context,
    card: CardArgument,
    organisation: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="that its seat speaks for; none of the ledger's without"),
    ] = None,
    dry_run: DryOption = False,
) -> None:
    """Propose that a member joins: its validator in the set, its seat among those who vote."""
    given = _read_card(card)
    _run(context.obj, lambda changes: changes.add(given, organisation), dry_run=dry_run)


def remove_validator(
    context: typer.Context,
    name: NameArgument,
    seat: SeatOption = None,
    keep_seat: Annotated[bool, typer.Option("--keep-seat", help="the member goes on voting")] = (
        False
    ),
    dry_run: DryOption = False,
) -> None:
    """Propose that a member leaves: its validator from the set, its seat from those who vote."""
    held = None if seat is None else seat.lower()
    _run(
        context.obj,
        lambda changes: changes.remove(name, held, keep_seat=keep_seat),
        dry_run=dry_run,
    )


def rotate_key(
    context: typer.Context,
    name: NameArgument,
    card: Annotated[Path, typer.Option(metavar="FILE", help="its card of the next generation")],
    seat: SeatOption = None,
    dry_run: DryOption = False,
) -> None:
    """Propose that a member's new keys replace those in force, all of them at once."""
    given, held = _read_card(card), None if seat is None else seat.lower()
    _run(context.obj, lambda changes: changes.rotate(name, given, held), dry_run=dry_run)


def _run(session: Session, change: Callable[[MemberChanges], ChangeView], *, dry_run: bool) -> None:
    from tallystick.ceremony.proposing import MemberChanges  # noqa: PLC0415 - as for the client

    def announce(draft: Draft, changes: list[Change]) -> None:
        session.announce(f"Proposing: {draft.title}")
        session.preview(list_changes(changes))

    with session.open_client() as client:
        done = change(MemberChanges(client, session.options.dir, announce, preview=dry_run))
    _show(session, done)


def _show(session: Session, done: ChangeView) -> None:
    views: list[Table | str] = [f"{done.action} {done.member} {_WORDS[done.state]}"]
    if done.proposal is not None:
        until = format_time(done.proposal.votes_until)
        number = done.proposal.number
        views += [
            f"proposal {number} is {done.proposal.state}; voting ends {until}",
            f"Members vote with `tallystick gov vote {number} for`, see `gov show {number}`;",
            f"then anyone runs `gov queue {number}` and `gov execute {number}`.",
        ]
    if done.changes:
        views += ["", list_changes(done.changes)]
    for step in done.steps:
        views += ["", f"{step.when}, {step.who}: {step.what}", *map("  {}".format, step.commands)]
    session.output.show(done, *views)


def _read_card(path: Path) -> Card:
    from tallystick.ceremony.card_files import read_card  # noqa: PLC0415 - as for the client

    return read_card(path)
