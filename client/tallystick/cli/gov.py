"""`tallystick gov`: what seats decide."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from tallystick.cli.amounts import format_who, list_changes
from tallystick.cli.app import Session, command, create_app
from tallystick.cli.errors import UsageInvalid
from tallystick.cli.render import Table
from tallystick.cli.values import format_time
from tallystick.client.governance import SUPPORT_WORDS, ProposalView, VoteView

app = create_app("Proposals, votes and seats.")
STDIN: Final = "-"
ProposalArgument = Annotated[
    str, typer.Argument(metavar="PROPOSAL", help="its number, or its id in hex")
]
COLUMNS: Final = (
    "proposal",
    "state",
    "for",
    "against",
    "abstain",
    "quorum",
    "votes until",
    "title",
)


def add_to(root: typer.Typer) -> None:
    """The commands are part of the program."""
    root.add_typer(app, name="gov")


@command(
    app,
    "propose",
    examples=(
        "tallystick gov propose cheaper.yaml --title 'H100 follows the market'",
        "tallystick gov propose - --dry-run < multipliers.yaml",
    ),
)
def propose(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="YAML, or - for stdin")],
    title: Annotated[
        str | None, typer.Option(help="what it is about; the file's name without")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="show what it would change, propose nothing")
    ] = False,
) -> None:
    """Propose a change of parameters, written as a YAML diff.

    \b
    tariff: {gpt-4o: {w_in: 90_000, mci_quad: 5_000_000}}   ncr per unit
    gpu_multipliers: {h100: 2.1}         bandwidth_factors: {h100: 1.2}
    epochs: {low: 0.05, high: 0.15, growth: 25%, cut: 25%, dispute: 1d}
    kinds: {revenue: {usd_per_unit: 0.01, attribution: 30d}}
    mint_allowance: {acme: {general: 1_000, plan: 500}}     enrolment_allowance: {acme: 1k}
    confirmers: {acme/audit: KEY}        invoices: {acme: {confirmer: KEY, cap_per_epoch: 1k}}
    providers: {openai: {key: KEY, rate: 0.9, daily: 1k, daily_per_organisation: 100}}
    leases: {share: 10%, ttl: 15m, grace: 1d}    experiments: {1: 500}    meters: {acme/m: active}
    validators: {remove: [validator-4]}  seats: {grant: {KEY: acme}, revoke: [KEY]}
    governor: {voting_period: 3d}        calls: [{contract: C, function: f, args: []}]

    KEY is an address, or the name of a key of the folder. Only what is named changes.
    """  # noqa: D301 - the escape keeps the lines as they are
    session: Session = context.obj
    text = _read(file)
    heading = title or ("A proposal" if file == STDIN else Path(file).stem)
    with session.open_client() as client:
        if dry_run:
            changes = client.governance.preview(text)
            session.output.show({"changes": changes}, list_changes(changes))
            return
        session.announce(f"Proposing: {heading}")
        session.preview(list_changes(client.governance.preview(text)))
        done = client.governance.propose(text, heading)
    verb = "proposed" if done.created else "was proposed before"
    session.output.show(
        done, f"proposal {done.proposal.number} {verb}; voting ends {_until(done.proposal)}"
    )


@command(
    app,
    "vote",
    examples=("tallystick gov vote 1 for", "tallystick gov vote 1 against --as seat-2"),
)
def vote(
    context: typer.Context,
    proposal: ProposalArgument,
    support: Annotated[
        str, typer.Argument(metavar="for|against|abstain", help="what the seats say")
    ] = "for",
) -> None:
    """Vote with every seat whose key lies in the folder, or with the one that --as names."""
    if support not in SUPPORT_WORDS:
        raise UsageInvalid("this is no vote", expected=", ".join(SUPPORT_WORDS), actual=support)
    session: Session = context.obj
    with session.open_client() as client:
        session.announce(f"Voting {support} proposal {proposal}")
        votes = client.governance.vote(proposal, support)
    session.output.show({"proposal": proposal, "votes": votes}, _table_of_votes(votes))


@command(
    app,
    "queue",
    examples=("tallystick gov queue 1", "tallystick gov queue 0x5f2c...91 --json"),
)
def queue(context: typer.Context, proposal: ProposalArgument) -> None:
    """Queue a proposal that passed; it waits out the timelock's delay."""
    session: Session = context.obj
    with session.open_client() as client:
        session.announce(f"Queueing proposal {proposal}")
        found = client.governance.queue(proposal)
    _show(session, found)


@command(
    app,
    "execute",
    examples=("tallystick gov execute 1", "tallystick gov execute 1 --yes --json"),
)
def execute(context: typer.Context, proposal: ProposalArgument) -> None:
    """Execute a queued proposal: all of it happens, or nothing."""
    session: Session = context.obj
    with session.open_client() as client:
        session.announce(f"Executing proposal {proposal}")
        if not session.output.is_json:
            session.preview(list_changes(client.governance.show(proposal).changes))
        found = client.governance.execute(proposal)
    _show(session, found)


@command(
    app,
    "list",
    examples=("tallystick gov list", "tallystick gov list --json"),
)
def list_(context: typer.Context) -> None:
    """List every proposal, newest first."""
    session: Session = context.obj
    with session.open_client() as client:
        found = client.governance.proposals()
    session.output.show(found, _table(found))


@command(
    app,
    "show",
    examples=("tallystick gov show 1", "tallystick gov show 1 --json"),
)
def show(context: typer.Context, proposal: ProposalArgument) -> None:
    """Show what a proposal changes, decoded from what would be executed, and who voted how."""
    session: Session = context.obj
    with session.open_client() as client:
        found = client.governance.show(proposal)
    session.output.show(
        found,
        f"{found.description}\n",
        _table([found.proposal]),
        "",
        list_changes(found.changes),
        "",
        _table_of_votes(found.votes),
    )


@command(
    app,
    "seats",
    examples=("tallystick gov seats", "tallystick gov seats --json"),
)
def seats(context: typer.Context) -> None:
    """List everyone who votes."""
    session: Session = context.obj
    with session.open_client() as client:
        found = client.governance.seats()
    rows = [[seat.holder, seat.organisation, seat.key or "-"] for seat in found]
    session.output.show(found, Table(("seat", "organisation", "key here"), rows))


def _read(file: str) -> str:
    if file == STDIN:
        return sys.stdin.read()
    path = Path(file)
    if not path.is_file():
        raise UsageInvalid("there is no such proposal file", expected="a YAML file", actual=file)
    return path.read_text(encoding="utf-8")


def _show(session: Session, found: ProposalView) -> None:
    session.output.show(found, f"proposal {found.number} is {found.state}")


def _until(found: ProposalView) -> str:
    return format_time(found.votes_until)


def _table(found: list[ProposalView]) -> Table:
    rows = [
        [
            str(one.number),
            one.state,
            str(one.for_votes),
            str(one.against_votes),
            str(one.abstain_votes),
            "-" if one.quorum is None else str(one.quorum),
            _until(one),
            one.title,
        ]
        for one in found
    ]
    return Table(COLUMNS, rows, right=frozenset((*COLUMNS[:1], *COLUMNS[2:6])))


def _table_of_votes(votes: list[VoteView]) -> Table:
    rows = [
        [
            format_who(one.holder),
            one.organisation,
            "voted before" if one.done_before else one.support or "-",
        ]
        for one in votes
    ]
    return Table(("seat", "organisation", "vote"), rows)
