"""`tallystick appeal`: cuts, freezes and disputes that others look at again."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from tallystick.chain.bindings.appeals import AppealKind
from tallystick.cli.amounts import format_who
from tallystick.cli.app import Session, command, create_app
from tallystick.cli.errors import UsageInvalid
from tallystick.cli.render import Table
from tallystick.cli.values import format_time
from tallystick.client.appeals import AppealSubject, AppealView

app = create_app("Appeals of cuts, freezes and disputed outcomes.")
KINDS: Final = {kind.name.lower(): kind for kind in AppealKind}
VOTES: Final = {"uphold": True, "reject": False}
AppealArgument = Annotated[int, typer.Argument(metavar="APPEAL", min=1, help="its number")]
COLUMNS: Final = ("appeal", "kind", "about", "epoch", "state", "for", "against", "seats", "ends")


def add_to(root: typer.Typer) -> None:
    """The commands are part of the program."""
    root.add_typer(app, name="appeal")


@command(
    app,
    "file",
    examples=(
        "tallystick appeal file cut acme/support/chat --epoch 3 --reason 'a migration'",
        "tallystick appeal file freeze acme/gateway-1 --reason 'a restored disk'",
    ),
)
def file(
    context: typer.Context,
    kind: Annotated[str, typer.Argument(metavar="cut|freeze|outcome", help="what was done")],
    about: Annotated[str, typer.Argument(metavar="NAME", help="the project, or the meter")],
    reason: Annotated[str, typer.Option(help="stays in the folder; a salted hash is kept")],
    epoch: Annotated[int | None, typer.Option(min=0, help="of a cut or an outcome")] = None,
    outcome: Annotated[
        str | None, typer.Option(metavar="KIND", help="which outcome: revenue, tasks, ...")
    ] = None,
) -> None:
    """Appeal a cut, a freeze or a disputed outcome; seats of other organisations vote on it."""
    if kind not in KINDS:
        raise UsageInvalid("this cannot be appealed", expected=", ".join(KINDS), actual=kind)
    if KINDS[kind] is not AppealKind.FREEZE and epoch is None:
        raise UsageInvalid("which epoch is it about?", expected="--epoch N")
    if KINDS[kind] is AppealKind.OUTCOME and outcome is None:
        raise UsageInvalid("which outcome is it about?", expected="--outcome KIND")
    session: Session = context.obj
    with session.open_client() as client:
        session.announce(f"Appealing the {kind} of {about}")
        found = client.appeals.file(AppealSubject(KINDS[kind], about, epoch or 0, outcome), reason)
    verb = "filed" if found.created else "was filed before"
    session.output.show(found, f"appeal {found.id} {verb}, votes until {_ends(found)}")


@command(
    app,
    "vote",
    examples=("tallystick appeal vote 1 uphold", "tallystick appeal vote 1 reject --as seat-2"),
)
def vote(
    context: typer.Context,
    appeal: AppealArgument,
    word: Annotated[str, typer.Argument(metavar="uphold|reject", help="what the seats say")],
) -> None:
    """Vote with every seat of the folder that may, or with the one that --as names."""
    if word not in VOTES:
        raise UsageInvalid("this is no vote", expected=", ".join(VOTES), actual=word)
    session: Session = context.obj
    with session.open_client() as client:
        session.announce(f"Voting to {word} appeal {appeal}")
        votes = client.appeals.vote(appeal, uphold=VOTES[word])
    rows = [
        [
            format_who(one.holder),
            one.why_not or ("voted before" if one.done_before else word),
        ]
        for one in votes
    ]
    document = {"appeal": appeal, "votes": votes}
    session.output.show(document, Table(("seat", "vote"), rows))


@command(
    app,
    "resolve",
    examples=("tallystick appeal resolve 1", "tallystick appeal resolve 1 --json"),
)
def resolve(context: typer.Context, appeal: AppealArgument) -> None:
    """Decide an appeal once voting is over; an upheld one is put right in the same transaction."""
    session: Session = context.obj
    with session.open_client() as client:
        session.announce(f"Resolving appeal {appeal}")
        found = client.appeals.resolve(appeal)
    session.output.show(found, f"appeal {found.id} is {found.state}")


@command(
    app,
    "list",
    examples=("tallystick appeal list", "tallystick appeal list --json"),
)
def list_(context: typer.Context) -> None:
    """List every appeal, newest first."""
    session: Session = context.obj
    with session.open_client() as client:
        found = client.appeals.appeals()
    session.output.show(found, _table(found))


@command(
    app,
    "show",
    examples=("tallystick appeal show 1", "tallystick appeal show 1 --json"),
)
def show(context: typer.Context, appeal: AppealArgument) -> None:
    """Show an appeal, with its reason where it was written here."""
    session: Session = context.obj
    with session.open_client() as client:
        found = client.appeals.appeal(appeal)
    reason = f"reason: {found.reason}" if found.reason else "the reason was written elsewhere"
    session.output.show(found, _table([found]), "", reason)


def _ends(found: AppealView) -> str:
    return format_time(found.closes_at)


def _table(found: list[AppealView]) -> Table:
    rows = [
        [
            str(one.id),
            one.kind,
            one.about,
            "-" if one.epoch is None else str(one.epoch),
            one.state,
            str(one.for_votes),
            str(one.against_votes),
            str(one.eligible_seats),
            _ends(one),
        ]
        for one in found
    ]
    right = frozenset({"appeal", "epoch", "for", "against", "seats"})
    return Table(COLUMNS, rows, right=right)
