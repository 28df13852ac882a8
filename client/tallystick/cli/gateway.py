"""`tallystick gateway`: a sidecar in front of model APIs."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from tallystick.cli.app import Session, command, create_app
from tallystick.cli.errors import UsageInvalid
from tallystick.cli.gateway_key import app as key_app
from tallystick.cli.render import Table

if TYPE_CHECKING:
    from tallystick.sidecar.gateway.parent import GatewayView
    from tallystick.sidecar.gateway.settings import GatewayConfig, ModelConfig, UpstreamConfig

app = create_app("A gateway in front of model APIs: meters calls, caps them beforehand.")
app.add_typer(key_app, name="key")
EXAMPLES: Final = (
    "\b\nExamples:\n"
    "  tallystick gateway --upstream openai --upstream anthropic\n"
    "  tallystick gateway --config gateway.yaml --workers 4 --port 4000"
)
NEEDED: Final = ("aiohttp", "httptools", "uvloop", "prometheus_client", "opentelemetry")
COLUMNS: Final = ("model", "upstream", "key", "priced as", "input", "output")
_UPSTREAM: Final = re.compile(r"(?P<name>[a-z0-9][a-z0-9._-]{0,47})(?:=(?P<url>.+))?", re.ASCII)

ConfigOption = Annotated[
    Path | None, typer.Option(metavar="FILE", help="YAML, see docs/gateway.md; options win")
]
AccountOption = Annotated[
    str | None, typer.Option(metavar="PATH", help="whose projects; the only organisation's without")
]
UpstreamOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME[=URL]",
        help="openai, anthropic, gemini, mistral, ollama, vllm, or any name with an address",
    ),
]
ModelOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="MODEL[=UPSTREAM[:RESOURCE]]", help="known models of the upstreams without"
    ),
]


def add_to(root: typer.Typer) -> None:
    """The commands are part of the program."""
    root.add_typer(app, name="gateway", no_args_is_help=False)


@app.callback(invoke_without_command=True, epilog=EXAMPLES)
def run(
    context: typer.Context,
    *,
    config: ConfigOption = None,
    account: AccountOption = None,
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="of its meters; gateway without")
    ] = None,
    workers: Annotated[int | None, typer.Option(metavar="N", help="processes, one without")] = None,
    host: Annotated[str | None, typer.Option(help="to listen on; 127.0.0.1 without")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65_535, help="4000 without; 0 = any free one")
    ] = None,
    upstream: UpstreamOption = None,
    model: ModelOption = None,
) -> None:
    """Take calls of applications until Ctrl-C: meter them, cap them, pass them on."""
    if context.invoked_subcommand is not None:
        return
    session: Session = context.obj
    flags = {"account": account, "name": name, "workers": workers}
    wanted = _read_config(config, flags, upstream or [], model or [])
    # Serving takes packages that an installation without extras lacks.
    _require_extra()
    from tallystick.sidecar.gateway.parent import run_gateway  # noqa: PLC0415

    wanted = _listen_at(wanted, host, port)
    run_gateway(
        session.options.dir,
        wanted,
        os.environ,
        lambda view: session.output.show(view, _list_offers(view), _explain(view)),
    )


@command(
    app,
    "check",
    examples=(
        "tallystick gateway check --config gateway.yaml",
        "tallystick gateway check --upstream openai --json",
    ),
)
def check(
    context: typer.Context,
    *,
    config: ConfigOption = None,
    account: AccountOption = None,
    upstream: UpstreamOption = None,
    model: ModelOption = None,
) -> None:
    """Say what a gateway would offer, or what is wrong with its configuration; start nothing."""
    session: Session = context.obj
    wanted = _read_config(config, {"account": account}, upstream or [], model or [])
    _require_extra()
    from tallystick.sidecar.gateway.parent import check_gateway  # noqa: PLC0415 - as above

    _, view = check_gateway(session.options.dir, wanted, os.environ)
    session.output.show(view, _list_offers(view), f"bills projects of {view.account}")


def _read_config(
    path: Path | None, flags: dict[str, Any], upstreams: list[str], models: list[str]
) -> GatewayConfig:
    """The file's configuration, with what options say instead."""
    import msgspec  # noqa: PLC0415 - only this command's

    from tallystick.sidecar.documents import load_config  # noqa: PLC0415 - as above
    from tallystick.sidecar.gateway.settings import GatewayConfig, complete_config  # noqa: PLC0415

    found = GatewayConfig() if path is None else load_config(path, GatewayConfig)
    given = {field: value for field, value in flags.items() if value is not None}
    found = msgspec.structs.replace(
        found,
        **given,
        upstreams={**found.upstreams, **dict(map(_parse_upstream, upstreams))},
        models={**found.models, **dict(map(_parse_model, models))},
    )
    return complete_config(found, (path.parent if path is not None else Path()).resolve())


def _parse_upstream(text: str) -> tuple[str, UpstreamConfig]:
    from tallystick.sidecar.gateway.settings import UpstreamConfig  # noqa: PLC0415 - as above

    match = _UPSTREAM.fullmatch(text)
    if match is None:
        raise UsageInvalid(
            "this is no upstream",
            expected="such as openai or local=http://127.0.0.1:8000",
            actual=text,
        )
    return match["name"], UpstreamConfig(url=match["url"] or "")


def _parse_model(text: str) -> tuple[str, ModelConfig]:
    from tallystick.sidecar.gateway.settings import ModelConfig  # noqa: PLC0415 - as above

    name, _, rest = text.partition("=")
    upstream, _, resource = rest.partition(":")
    if not name:
        raise UsageInvalid("this is no model", expected="MODEL=UPSTREAM[:RESOURCE]", actual=text)
    return name, ModelConfig(upstream=upstream, resource=resource)


def _listen_at(config: GatewayConfig, host: str | None, port: int | None) -> GatewayConfig:
    import msgspec  # noqa: PLC0415 - as above

    from tallystick.sidecar.gateway.settings import parse_listen  # noqa: PLC0415 - as above

    default_host, default_port = parse_listen(config.listen)
    chosen = default_port if port is None else port
    return msgspec.structs.replace(config, listen=f"{host or default_host}:{chosen}")


def _require_extra() -> None:
    """What a gateway needs is installed.

    Raises:
        ExtraMissing: it is not.
    """
    from importlib.util import find_spec  # noqa: PLC0415 - as above

    from tallystick.sidecar.errors import ExtraMissing  # noqa: PLC0415 - as above

    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise ExtraMissing(
            "a gateway needs packages that are not installed",
            expected="pip install 'tallystick[gateway]'",
            actual=f"without {', '.join(missing)}",
        )


def _list_offers(view: GatewayView) -> Table:
    rows = [
        [
            offer.model,
            f"{offer.upstream} {offer.url}",
            "yes" if offer.has_key else "none",
            offer.resource,
            f"{offer.max_input_tokens:,}",
            f"{offer.max_output_tokens:,}",
        ]
        for offer in view.offers
    ]
    return Table(COLUMNS, rows, frozenset({"input", "output"}))


def _explain(view: GatewayView) -> str:
    """How applications are pointed at a gateway that runs."""
    lines = [
        "",
        f"gateway of {view.account} at {view.url}, {view.workers} worker(s), {view.keys} key(s)",
        f"  OpenAI     OPENAI_BASE_URL={view.url}/v1",
        f"  Anthropic  ANTHROPIC_BASE_URL={view.url}",
        f"  Gemini     GOOGLE_GEMINI_BASE_URL={view.url}",
        f"  Mistral    Mistral(server_url={view.url!r})",
        f"  Ollama     OLLAMA_HOST={view.url}",
    ]
    if not view.keys:
        lines.append("no key yet: tallystick gateway key create NAME --project PATH")
    return "\n".join(lines)
