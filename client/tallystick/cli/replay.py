"""`tallystick replay`: files of past use, recorded and settled."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, BinaryIO, Final

import typer

from tallystick.cli.app import Session, command, quiet_logs
from tallystick.cli.credit import describe_amount
from tallystick.cli.render import Table
from tallystick.cli.values import parse_assignments
from tallystick.client.replay import ReplayReport
from tallystick.client.replay_options import DEFAULT_TIMEOUT_S, ReplayOptions
from tallystick.meter.importers.parse import FORMATS

STDIN: Final = "-"
QUARANTINED: Final = 1


def add_to(root: typer.Typer) -> None:
    """The command is part of the program."""
    command(
        root,
        "replay",
        examples=(
            "tallystick replay t.csv --format azure-llm --project acme/a/b --resource gpt-4o",
            "tallystick replay u.gz --format jsonl --columns time=t,project=p,resource=m --create",
        ),
    )(replay)


def replay(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="plain or .gz, or - for stdin")],
    *,
    format_: Annotated[
        str, typer.Option("--format", metavar="|".join(FORMATS), help="what kind of file it is")
    ],
    column: Annotated[
        list[str] | None,
        typer.Option("-c", metavar="FIELD=COLUMN", help="which column holds a record field"),
    ] = None,
    columns: Annotated[
        str | None, typer.Option(metavar="F=C,F=C", help="the same, several at once")
    ] = None,
    default: Annotated[
        list[str] | None,
        typer.Option(metavar="FIELD=VALUE", help="where a row has no value of its own"),
    ] = None,
    time_unit: Annotated[
        str, typer.Option(metavar="auto|iso|s|ms|us|ns", help="of the time column")
    ] = "auto",
    keep_times: Annotated[
        bool, typer.Option("--keep-times", help="do not shift the file to end now")
    ] = False,
    project: Annotated[
        str | None, typer.Option(metavar="PATH", help="bill rows that name no project here")
    ] = None,
    project_prefix: Annotated[
        str | None, typer.Option(metavar="PATH", help="project names in the file lie below this")
    ] = None,
    resource: Annotated[
        str | None, typer.Option(metavar="SLUG", help="of rows that name no resource")
    ] = None,
    create: Annotated[
        bool, typer.Option("--create", help="create accounts and resources that are missing")
    ] = False,
    limit: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="take the first N rows")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="read, check and value the file, send nothing")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="exit 1 when a record is quarantined")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="bill a file that was replayed before once more")
    ] = False,
    timeout: Annotated[
        float, typer.Option(min=0.1, metavar="S", help="seconds until it gives up waiting")
    ] = DEFAULT_TIMEOUT_S,
) -> None:
    """Record and settle a file of past use.

    Ends when every record has an outcome. Broken off, the same command goes on where it stopped.

    Fields: time, project, user, resource, in_fresh, in_cached, in_written, out_visible,
    out_reasoning, compute_ms, memory_gib_s, transfer_kib, step; in_total (less in_cached gives
    in_fresh), compute_s, compute_h.
    """
    session: Session = context.obj
    named = [part for part in (columns or "").split(",") if part]
    options = ReplayOptions(
        format=format_,
        columns=parse_assignments([*named, *(column or ())]),
        defaults=parse_assignments(default or ()),
        time_unit=time_unit,
        keep_times=keep_times,
        project=project,
        project_prefix=project_prefix,
        resource=resource,
        create=create,
        limit=limit,
        dry_run=dry_run,
        again=again,
        timeout_s=timeout,
    )
    if not dry_run:
        session.announce(f"Replaying {file}")
        session.ask_once()
    quiet_logs()
    with session.open_client() as client, session.output.progress("settling") as progress:
        report = client.replay(_open(file), options, progress)
    session.output.show(report, _describe(report), *_list_reasons(report))
    if strict and report.quarantined:
        session.exit_code = QUARANTINED


def _open(file: str) -> Path | BinaryIO:
    return sys.stdin.buffer if file == STDIN else Path(file)


def _describe(report: ReplayReport) -> str:
    if report.meter is None:
        return (
            f"{report.rows:,} rows would be {report.records:,} records"
            f" for {describe_amount(report.cost_ucr)}; nothing was sent"
        )
    return (
        f"{report.rows:,} rows, {report.records:,} records, {report.sent:,} sent by meter"
        f" {report.meter}\n"
        f"{report.settled:,} settled for {describe_amount(report.cost_ucr)},"
        f" {report.quarantined:,} quarantined; batches: {report.batches:,},"
        f" seconds: {report.seconds}"
    )


def _list_reasons(report: ReplayReport) -> list[Table]:
    if not report.reasons:
        return []
    rows = [[reason, f"{count:,}"] for reason, count in sorted(report.reasons.items())]
    return [Table(("quarantined because", "records"), rows, right=frozenset({"records"}))]
