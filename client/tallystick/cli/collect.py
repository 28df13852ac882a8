"""`tallystick collect`: GPU work and model servers, metered from outside."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from tallystick.cli.app import Session, command, create_app
from tallystick.cli.errors import UsageInvalid
from tallystick.cli.render import Table

if TYPE_CHECKING:
    from tallystick.sidecar.collect.collector import CollectorView
    from tallystick.sidecar.collect.settings import CollectConfig
    from tallystick.sidecar.collect.views import CollectorStatus, Observed

app = create_app("GPU time of this machine, of DCGM exporters, and tokens of model servers.")
EXAMPLES: Final = (
    "\b\nExamples:\n"
    "  tallystick collect --config collect.yaml\n"
    "  tallystick collect nvml --operator acme/platform"
)
SCRAPE_LENGTH: Final = "15s"
"""Between two pages of an exporter, which itself looks less often than this."""
MJ_PER_WH: Final = 3_600_000

ConfigOption = Annotated[
    Path | None, typer.Option(metavar="FILE", help="YAML, see docs/collect.md; options win")
]
OnceOption = Annotated[bool, typer.Option("--once", help="read twice, record, and end")]
NameOption = Annotated[
    str | None, typer.Option(metavar="NAME", help="of its meter; collector without")
]
AccountOption = Annotated[
    str | None, typer.Option(metavar="PATH", help="whose projects; the operator's without")
]
OperatorOption = Annotated[
    str | None, typer.Option(metavar="PROJECT", help="pays for what nobody used")
]
SharedOption = Annotated[
    str | None,
    typer.Option(metavar="PROJECT", help="pays for work no rule knows; the operator without"),
]
ChargeOption = Annotated[
    str | None, typer.Option(metavar="usage|allocation", help="for what is kept busy, or held")
]
BasisOption = Annotated[
    str | None, typer.Option(metavar="tokens|gpu", help="refuse where resources say otherwise")
]
SampleOption = Annotated[
    str | None, typer.Option(metavar="LENGTH", help="between two readings; 2s without")
]
RecordOption = Annotated[
    str | None, typer.Option(metavar="LENGTH", help="between two records; 60s without")
]
SpotOption = Annotated[
    bool | None, typer.Option("--spot", help="charge as TYPE@spot where that resource exists")
]
TypeOption = Annotated[
    list[str] | None, typer.Option(metavar="DEVICE=RESOURCE", help="what a device is charged as")
]


def add_to(root: typer.Typer) -> None:
    """The commands are part of the program."""
    root.add_typer(app, name="collect", no_args_is_help=False)


@app.callback(invoke_without_command=True, epilog=EXAMPLES)
def run(
    context: typer.Context,
    *,
    config: ConfigOption = None,
    once: OnceOption = False,
) -> None:
    """Meter everything that a file names, until Ctrl-C."""
    if context.invoked_subcommand is not None:
        return
    if config is None:
        raise UsageInvalid(
            "there is nothing to meter", expected="--config FILE, or nvml, dcgm, engine, job"
        )
    _collect(context.obj, _read_config(config, {}), is_once=once)


@command(
    app,
    "nvml",
    examples=(
        "tallystick collect nvml --operator acme/platform",
        "tallystick collect nvml --operator acme/platform --charge allocation --spot",
    ),
)
def nvml(
    context: typer.Context,
    *,
    config: ConfigOption = None,
    operator: OperatorOption = None,
    shared: SharedOption = None,
    account: AccountOption = None,
    name: NameOption = None,
    charge: ChargeOption = None,
    basis: BasisOption = None,
    sample: SampleOption = None,
    record: RecordOption = None,
    spot: SpotOption = None,
    gpu_type: TypeOption = None,
    once: OnceOption = False,
) -> None:
    """Meter this machine's NVIDIA devices, process by process."""
    flags: dict[str, Any] = {"operator": operator, "shared": shared, "account": account}
    flags |= {"name": name, "charge": charge, "basis": basis, "sample": sample, "record": record}
    flags |= {"spot": spot, "gpu_types": _parse_types(gpu_type), "nvml": True}
    _collect(context.obj, _read_config(config, flags), is_once=once)


@command(
    app,
    "dcgm",
    examples=(
        "tallystick collect dcgm http://node-a:9400/metrics --operator acme/platform",
        "tallystick collect dcgm http://a:9400/metrics http://b:9400/metrics --config rules.yaml",
    ),
)
def dcgm(
    context: typer.Context,
    url: Annotated[list[str], typer.Argument(metavar="URL...", help="pages of DCGM exporters")],
    *,
    config: ConfigOption = None,
    operator: OperatorOption = None,
    shared: SharedOption = None,
    account: AccountOption = None,
    name: NameOption = None,
    charge: ChargeOption = None,
    basis: BasisOption = None,
    sample: SampleOption = None,
    record: RecordOption = None,
    spot: SpotOption = None,
    gpu_type: TypeOption = None,
    once: OnceOption = False,
) -> None:
    """Meter devices that NVIDIA's DCGM exporters show, pod by pod."""
    flags: dict[str, Any] = {"operator": operator, "shared": shared, "account": account}
    flags |= {
        "name": name,
        "charge": charge,
        "basis": basis,
        "sample": sample or SCRAPE_LENGTH,
        "record": record,
    }
    flags |= {"spot": spot, "gpu_types": _parse_types(gpu_type), "dcgm": url}
    _collect(context.obj, _read_config(config, flags), is_once=once)


@command(
    app,
    "engine",
    examples=(
        "tallystick collect engine http://a:8000/metrics --project acme/app --resource llama-3-70b",
        "tallystick collect engine http://a:30000/metrics --kind sglang --project acme/app --once",
    ),
)
def engine(
    context: typer.Context,
    url: Annotated[str, typer.Argument(metavar="URL", help="the server's page of metrics")],
    *,
    project: Annotated[str, typer.Option(metavar="PROJECT", help="pays for its tokens")],
    kind: Annotated[str, typer.Option(metavar="vllm|sglang", help="which server it is")] = "vllm",
    resource: Annotated[
        str | None, typer.Option(metavar="SLUG", help="what all its models are charged as")
    ] = None,
    model: Annotated[
        list[str] | None, typer.Option(metavar="MODEL=SLUG", help="what one of them is")
    ] = None,
    account: AccountOption = None,
    name: NameOption = None,
    basis: BasisOption = None,
    sample: SampleOption = None,
    record: RecordOption = None,
    once: OnceOption = False,
) -> None:
    """Meter the tokens that a model server counts itself; not beside a gateway in front of it."""
    _require_extra("prometheus_client")
    from tallystick.sidecar.collect.settings import EngineConfig, parse_pairs  # noqa: PLC0415

    models = parse_pairs(model or [], "model") | ({"*": resource} if resource else {})
    found = EngineConfig(url, _choose(kind, ("vllm", "sglang"), "--kind"), project, models)
    flags: dict[str, Any] = {"engines": [found], "account": account, "name": name, "basis": basis}
    flags |= {"sample": sample or SCRAPE_LENGTH, "record": record}
    _collect(context.obj, _read_config(None, flags), is_once=once)


@command(
    app,
    "job",
    examples=(
        "tallystick collect job --project acme/research -- python train.py --epochs 3",
        "tallystick collect job --project acme/research --user ada --step 2 -- ./batch.sh",
    ),
)
def job(
    context: typer.Context,
    words: Annotated[list[str], typer.Argument(metavar="-- COMMAND...", help="what to run")],
    *,
    project: Annotated[str, typer.Option(metavar="PROJECT", help="pays for its GPU work")],
    user: Annotated[str, typer.Option(metavar="U", help="whose job it is")] = "",
    step: Annotated[int, typer.Option(metavar="N", min=0, max=65_535, help="of a workflow")] = 0,
    account: AccountOption = None,
    name: NameOption = None,
    charge: ChargeOption = None,
    basis: BasisOption = None,
    sample: SampleOption = None,
    spot: SpotOption = None,
    gpu_type: TypeOption = None,
) -> None:
    """Run a command and meter what it and its children use of this machine's devices."""
    session: Session = context.obj
    flags: dict[str, Any] = {
        "operator": project,
        "account": account,
        "name": name or "job",
        "charge": charge,
    }
    flags |= {"basis": basis, "sample": sample, "spot": spot, "nvml": True}
    config = _read_config(None, flags | {"gpu_types": _parse_types(gpu_type)})
    from tallystick.meter.gpu.uses import Payer  # noqa: PLC0415 - an extra's
    from tallystick.sidecar.collect.job import JobOrder, run_job  # noqa: PLC0415

    order = JobOrder(words, Payer(project, user, step), config, is_quiet=session.options.json)
    view = run_job(session.options.dir, order)
    session.exit_code = view.exit_code
    text = f"{view.compute_ms:,} GPU-ms and {format_energy(view.energy_mj)} for {view.project}"
    if session.options.json:
        session.output.show(view)
    else:
        session.output.note(text)


@command(
    app,
    "check",
    examples=(
        "tallystick collect check --config collect.yaml",
        "tallystick collect check --config collect.yaml --json",
    ),
)
def check(context: typer.Context, *, config: Annotated[Path, typer.Option(metavar="FILE")]) -> None:
    """Read every source once and say who would pay; record nothing."""
    session: Session = context.obj
    wanted = _read_config(config, {})
    from tallystick.sidecar.collect.views import observe_sources  # noqa: PLC0415 - an extra's

    observed = observe_sources(session.options.dir, wanted)
    session.output.show(observed, _list_observed(observed))


@command(
    app,
    "status",
    examples=("tallystick collect status", "tallystick collect status --name node-a --json"),
)
def status(context: typer.Context, *, name: NameOption = None) -> None:
    """Show what a collector of this folder remembers: what waits, what nobody watched."""
    session: Session = context.obj
    _require_extra("prometheus_client")
    from tallystick.sidecar.collect.views import read_status  # noqa: PLC0415 - an extra's

    found = read_status(session.options.dir, name or "collector")
    session.output.show(found, _list_waiting(found), _explain(found))


def format_energy(millijoules: int) -> str:
    """Energy in kWh, to the watt-hour."""
    watt_hours = millijoules // MJ_PER_WH
    return f"{watt_hours // 1_000:,}.{watt_hours % 1_000:03d} kWh"


def _collect(session: Session, config: CollectConfig, *, is_once: bool) -> None:
    from tallystick.sidecar.collect.collector import run_collector  # noqa: PLC0415 - an extra's
    from tallystick.sidecar.logs import configure_logs  # noqa: PLC0415

    configure_logs(collector=config.name)

    def announce(view: CollectorView) -> None:
        sources = ", ".join(view.sources)
        session.output.note(f"{view.name} of {view.account} meters {sources}; Ctrl-C ends it")

    view = run_collector(session.options.dir, config, announce, is_once=is_once)
    session.output.show(
        view,
        f"{view.recorded} recorded: {view.compute_ms:,} GPU-ms used, {view.idle_ms:,} idle, "
        f"{view.tokens:,} tokens, {format_energy(view.energy_mj)}",
    )


def _read_config(path: Path | None, flags: dict[str, Any]) -> CollectConfig:
    """The file's configuration, with what options say instead."""
    _require_extra("prometheus_client")
    import msgspec  # noqa: PLC0415 - only this command's

    from tallystick.sidecar.collect.settings import CollectConfig, check_collect  # noqa: PLC0415
    from tallystick.sidecar.documents import load_config  # noqa: PLC0415

    found = CollectConfig() if path is None else load_config(path, CollectConfig)
    given = {field: value for field, value in flags.items() if value not in (None, {})}
    if "charge" in given:
        _choose(given["charge"], ("usage", "allocation"), "--charge")
    return check_collect(msgspec.structs.replace(found, **given))


def _parse_types(words: list[str] | None) -> dict[str, str]:
    from tallystick.sidecar.collect.settings import parse_pairs  # noqa: PLC0415 - as above

    return parse_pairs(words or [], "device type")


def _choose(word: str, known: tuple[str, ...], option: str) -> Any:  # noqa: ANN401 - one of `known`
    if word not in known:
        raise UsageInvalid(f"{option} is unknown", expected=" or ".join(known), actual=word)
    return word


def _require_extra(package: str) -> None:
    from tallystick.sidecar.errors import ExtraMissing  # noqa: PLC0415 - as above

    if find_spec(package) is None:
        raise ExtraMissing(
            "collectors need packages that are not installed",
            expected="pip install 'tallystick[collect]'",
            actual=f"no {package}",
        )


def _list_observed(observed: list[Observed]) -> Table:
    rows = [
        [
            each.source,
            each.origin,
            each.resource or each.problem,
            each.project,
            f"{each.share_ppm / 10_000:.2f} %" if each.share_ppm is not None else "",
            each.work,
        ]
        for each in observed
    ]
    columns = ("source", "device or model", "charged as", "billed to", "busy", "work")
    return Table(columns, rows, right=frozenset({"busy"}))


def _list_waiting(found: CollectorStatus) -> Table:
    rows = [[each.project, each.resource, each.origin, each.text] for each in found.waiting]
    return Table(("billed to", "charged as", "of", "not recorded yet"), rows)


def _explain(found: CollectorStatus) -> str:
    seconds = found.unobserved_ms // 1_000
    return f"{found.entries} entries wait; {seconds:,} s of device time were not watched"
