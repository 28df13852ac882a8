"""`tallystick observe`: passive meters, for systems that nobody can change."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, Final

import typer

from tallystick.cli.app import Session, command, create_app, quiet_logs
from tallystick.cli.errors import UsageInvalid
from tallystick.cli.render import Table
from tallystick.cli.values import parse_assignments

if TYPE_CHECKING:
    from tallystick.meter.passive.attribution import ProjectRule
    from tallystick.sidecar.observe.observer import ObserverSettings

app = create_app("Passive meters: use read from mirrored requests, captures and logs.")
STDIN: Final = "-"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

ProjectOption = Annotated[str, typer.Option(metavar="PATH", help="who pays, where no rule matches")]
AccountOption = Annotated[
    str | None,
    typer.Option(metavar="PATH", help="of the meter; the project's organisation without"),
]
NameOption = Annotated[str, typer.Option(metavar="NAME", help="of the meter")]
RuleOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="LABEL=VALUE:PATH",
        help="bill calls here whose host, client, path or header has this value (may end in *)",
    ),
]
ModelOption = Annotated[
    list[str] | None,
    typer.Option(metavar="MODEL=SLUG", help="what a model is registered as, where that differs"),
]
UsersOption = Annotated[
    bool, typer.Option("--record-users", help="records carry pseudonyms of callers")
]
MetricsOption = Annotated[
    str, typer.Option(metavar="HOST:PORT", help="of loopback: where Prometheus reads metrics")
]
UserHeaderOption = Annotated[
    str, typer.Option(metavar="HEADER", help="names the caller; the body's own word without")
]


def add_to(root: typer.Typer) -> None:
    """The commands are part of the program."""
    root.add_typer(app, name="observe")


@command(
    app,
    "mirror",
    examples=(
        "tallystick observe mirror --project acme/app",
        "tallystick observe mirror --project acme/app --port 4040 --rule client=10.0.7.*:acme/lab",
    ),
)
def mirror(
    context: typer.Context,
    *,
    project: ProjectOption,
    account: AccountOption = None,
    name: NameOption = "observer",
    host: Annotated[str, typer.Option(help="to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="0 = any free one")] = 4040,
    assume_output: Annotated[
        int, typer.Option(min=0, metavar="N", help="LLM tokens of an answer that is not mirrored")
    ] = 0,
    rule: RuleOption = None,
    model: ModelOption = None,
    record_users: UsersOption = False,
    user_header: UserHeaderOption = "",
    metrics: MetricsOption = "",
) -> None:
    """Take mirrored requests (nginx) and whole exchanges (Envoy taps) until Ctrl-C."""
    session: Session = context.obj
    settings = _choose(
        session, project, account, name, rule, model, user_header if record_users else None
    )
    _require_extra("aiohttp")
    settings = replace(settings, metrics=metrics)
    from tallystick.sidecar.observe.mirror import observe_mirror  # noqa: PLC0415 - loads the chain

    counts = observe_mirror(
        settings,
        host,
        port,
        lambda url: session.output.note(f"observing at {url}"),
        assumed_output_tokens=assume_output,
    )
    _show(session, counts)


@command(
    app,
    "log",
    examples=(
        (
            "tallystick observe log calls.jsonl --project acme/app -c time=ts -c model=model"
            " -c in_total=usage.input -c out_total=usage.output --follow"
        ),
        (
            "tallystick observe log access.log --project acme/app --default-model llama-3.1-70b"
            " -c time=time -c input_bytes=request_length -c output_bytes=bytes_sent"
        ),
    ),
)
def log(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="the log")],
    *,
    project: ProjectOption,
    column: Annotated[
        list[str] | None,
        typer.Option("-c", metavar="FIELD=COLUMN", help="which column holds what, see below"),
    ] = None,
    pattern: Annotated[
        str,
        typer.Option(metavar="REGEX", help="of lines that are not JSON; columns are its groups"),
    ] = "",
    time_unit: Annotated[
        str, typer.Option(metavar="auto|iso|clf|s|ms|us|ns", help="of the time column")
    ] = "auto",
    default_model: Annotated[
        str, typer.Option(metavar="MODEL", help="of lines that name none")
    ] = "",
    source: Annotated[
        str, typer.Option(metavar="NAME", help="tells logs apart that may have equal lines")
    ] = "access-log",
    follow: Annotated[bool, typer.Option("--follow", help="go on until Ctrl-C")] = False,
    account: AccountOption = None,
    name: NameOption = "observer",
    rule: RuleOption = None,
    model: ModelOption = None,
    record_users: UsersOption = False,
    metrics: MetricsOption = "",
) -> None:
    """Read an access log, and go on where it was left; rotation loses nothing.

    Fields: time, id, model, status, user, duration_ms; in_total and out_total, or in_fresh,
    in_cached, in_written, out_visible, out_reasoning; without those input_bytes, output_bytes.
    """
    session: Session = context.obj
    settings = _choose(session, project, account, name, rule, model, "" if record_users else None)
    if metrics:
        _require_extra("prometheus_client")
        settings = replace(settings, metrics=metrics)
    from tallystick.meter.passive.line_map import LineMap  # noqa: PLC0415 - as above
    from tallystick.sidecar.observe.log import observe_log  # noqa: PLC0415

    columns = parse_assignments(column or ())
    labels = tuple(dict.fromkeys(each.label for each in settings.attribution.rules))
    line_map = LineMap(columns, default_model, time_unit, pattern, labels)
    _show(session, observe_log(settings, file, line_map, _check_name(source), follows=follow))


@command(
    app,
    "capture",
    examples=(
        "tallystick observe capture traffic.pcap --project acme/app",
        "tallystick observe capture - --project acme/app <traffic.pcap",
    ),
)
def capture(
    context: typer.Context,
    file: Annotated[str, typer.Argument(help="pcap or pcapng; - reads a pipe")],
    *,
    project: ProjectOption,
    account: AccountOption = None,
    name: NameOption = "observer",
    rule: RuleOption = None,
    model: ModelOption = None,
    record_users: UsersOption = False,
    user_header: UserHeaderOption = "",
) -> None:
    """Read calls in clear HTTP/1.1 out of captured packets."""
    session: Session = context.obj
    settings = _choose(
        session, project, account, name, rule, model, user_header if record_users else None
    )
    _require_extra("dpkt")
    from tallystick.sidecar.observe.capture import observe_capture  # noqa: PLC0415 - as above

    if file == STDIN:
        counts = observe_capture(settings, sys.stdin.buffer)
    else:
        with _open(file) as stream:
            counts = observe_capture(settings, stream)
    _show(session, counts)


def _choose(
    session: Session,
    project: str,
    account: str | None,
    name: str,
    rules: list[str] | None,
    models: list[str] | None,
    user_label: str | None,
) -> ObserverSettings:
    """The observer as options say; `user_label` None = no person is recorded."""
    from tallystick.meter.passive.attribution import Attribution  # noqa: PLC0415 - on demand
    from tallystick.sidecar.observe.observer import ObserverSettings  # noqa: PLC0415 - loads the chain

    quiet_logs()
    attribution = Attribution(
        project=project,
        rules=tuple(map(_parse_rule, rules or ())),
        resource_by_model=parse_assignments(models or ()),
        user_label=(user_label or "").lower(),
        records_users=user_label is not None,
    )
    owner = account or project.strip("/").partition("/")[0]
    return ObserverSettings(session.options.dir, owner, name, attribution)


def _parse_rule(text: str) -> ProjectRule:
    from tallystick.meter.passive.attribution import ProjectRule  # noqa: PLC0415 - as above

    condition, _, project = text.rpartition(":")
    label, _, value = condition.partition("=")
    if not (label and value and project):
        raise UsageInvalid("this is no rule", expected="LABEL=VALUE:PATH", actual=text)
    return ProjectRule(label.lower(), value, project)


def _check_name(name: str) -> str:
    """A name that can be part of a file's."""
    if not _NAME.fullmatch(name):
        raise UsageInvalid(
            "this is no source", expected="letters, digits, dots and dashes", actual=name
        )
    return name


@contextmanager
def _open(file: str) -> Iterator[BinaryIO]:
    try:
        with Path(file).open("rb") as stream:
            yield stream
    except OSError as error:
        raise UsageInvalid(f"{file} cannot be read", actual=error.strerror) from error


def _require_extra(package: str) -> None:
    """What the command needs is installed.

    Raises:
        ExtraMissing: it is not.
    """
    from importlib.util import find_spec  # noqa: PLC0415 - only these commands'

    from tallystick.sidecar.errors import ExtraMissing  # noqa: PLC0415 - as above

    if find_spec(package) is None:
        raise ExtraMissing(
            "passive metering needs packages that are not installed",
            expected="pip install 'tallystick[gateway]'",
            actual=f"without {package}",
        )


def _show(session: Session, counts: dict[str, int]) -> None:
    """What was seen and what became of it; losses only where there are any."""
    from tallystick.meter.passive.tally import LOSSES  # noqa: PLC0415 - as above

    lost = [[words, f"{counts[name]:,}"] for name, words in LOSSES.items() if counts[name]]
    summary = (
        f"{counts['seen']:,} seen, {counts['recorded']:,} recorded, {counts['held']:,} held,"
        f" {counts['repeated']:,} known from before; {counts['estimated']:,} of them estimated"
    )
    table = Table(("not metered", "count"), lost, frozenset({"count"}))
    session.output.show(counts, summary, *([table] if lost else []))
