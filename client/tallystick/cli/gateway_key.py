"""`tallystick gateway key`: what applications show when they call."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from tallystick.cli.app import Session, command, create_app
from tallystick.cli.errors import UsageInvalid
from tallystick.cli.render import Table
from tallystick.cli.values import format_time
from tallystick.core.units import format_credits, parse_credits

if TYPE_CHECKING:
    from tallystick.sidecar.gateway.key_file import KeyStore

app = create_app("Keys that applications call a gateway with.")
MAX_STEP: Final = 65_535
COLUMNS: Final = ("key", "project", "models", "user", "cap", "made")
KeysOption = Annotated[
    Path | None,
    typer.Option("--keys-file", metavar="FILE", help="gateway/keys.json of the folder without"),
]
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="what the key is called")]


@command(
    app,
    "create",
    examples=(
        "tallystick gateway key create helpdesk --project acme/support/chat",
        "tallystick gateway key create batch --project acme/batch --cap 20 --per day",
    ),
)
def create(
    context: typer.Context,
    name: NameArgument,
    *,
    project: Annotated[str, typer.Option(metavar="PATH", help="the account that is billed")],
    model: Annotated[
        list[str] | None, typer.Option(metavar="MODEL", help="it may call; all without")
    ] = None,
    user: Annotated[
        str | None, typer.Option(metavar="U", help="the person behind every call")
    ] = None,
    cap: Annotated[
        str | None, typer.Option(metavar="CREDITS", help="it may spend in a period here")
    ] = None,
    per: Annotated[str, typer.Option(metavar="day|hour", help="the cap's period, UTC")] = "day",
    experiment: Annotated[
        bool, typer.Option("--experiment", help="its calls explore, see docs/replenishment.md")
    ] = False,
    step: Annotated[
        int,
        typer.Option(
            min=0, max=MAX_STEP, metavar="N", help="in a workflow, where a call says none"
        ),
    ] = 0,
    when_unreachable: Annotated[
        str | None,
        typer.Option(metavar="deny|admit", help="while no lease can be had; the gateway's without"),
    ] = None,
    admit_bound: Annotated[
        str | None, typer.Option(metavar="CREDITS", help="how much may be admitted then")
    ] = None,
    keys_file: KeysOption = None,
) -> None:
    """Make a key and print its secret, once; a gateway that runs takes it within seconds."""
    from tallystick.sidecar.gateway.key_file import KeyEntry  # noqa: PLC0415 - only this command's

    session: Session = context.obj
    _require_one_of("--per", per, ("day", "hour"))
    if when_unreachable is not None:
        _require_one_of("--when-unreachable", when_unreachable, ("deny", "admit"))
    _require_project(session, project)
    options: dict[str, Any] = {"cap_per": per, "when_unreachable": when_unreachable}
    entry = KeyEntry(
        name=name,
        project=project.strip("/"),
        models=tuple(model) if model else None,
        user=user,
        cap_ucr=None if cap is None else parse_credits(cap),
        is_experiment=experiment,
        step=step,
        admit_bound_ucr=None if admit_bound is None else parse_credits(admit_bound),
        created_at_ms=session.read_now_ms(),
        **options,
    )
    secret = _open_store(session, keys_file).create(entry)
    document = {"name": name, "project": entry.project, "secret": secret, "created": bool(secret)}
    if secret is None:
        session.output.show(document, f"{name} exists; its secret was printed when it was made")
    else:
        session.output.show(document, secret)
        session.output.note(f"{name} bills {entry.project}; this secret is not shown again")


@command(
    app,
    "list",
    examples=("tallystick gateway key list", "tallystick gateway key list --json"),
)
def list_(context: typer.Context, *, keys_file: KeysOption = None) -> None:
    """List the keys, without their secrets, which are kept nowhere."""
    session: Session = context.obj
    keys = _open_store(session, keys_file).list()
    rows = [
        [
            key.name,
            key.project,
            ", ".join(key.models) if key.models is not None else "all",
            key.user or "-",
            "-" if key.cap_ucr is None else f"{format_credits(key.cap_ucr)} per {key.cap_per}",
            format_time(key.created_at_ms),
        ]
        for key in keys
    ]
    document = [
        {
            "name": key.name,
            "project": key.project,
            "models": None if key.models is None else list(key.models),
            "user": key.user,
            "cap_ucr": key.cap_ucr,
            "cap_per": None if key.cap_ucr is None else key.cap_per,
            "experiment": key.is_experiment,
            "step": key.step,
            "created_at": key.created_at_ms,
        }
        for key in keys
    ]
    session.output.show(document, Table(COLUMNS, rows))


@command(
    app,
    "revoke",
    examples=(
        "tallystick gateway key revoke helpdesk",
        "tallystick gateway key revoke helpdesk --yes",
    ),
)
def revoke(context: typer.Context, name: NameArgument, *, keys_file: KeysOption = None) -> None:
    """Delete a key; gateways that run refuse it within seconds."""
    session: Session = context.obj
    session.announce(f"Revoking the key {name}")
    session.ask_once()
    found = _open_store(session, keys_file).revoke(name)
    session.output.show({"name": name, "project": found.project, "revoked": True}, "revoked")


def _open_store(session: Session, keys_file: Path | None) -> KeyStore:
    from tallystick.local.folder import NetworkFolder  # noqa: PLC0415 - only these commands'
    from tallystick.sidecar.gateway.key_file import KeyStore, find_key_file  # noqa: PLC0415

    named = str(keys_file) if keys_file is not None else ""
    return KeyStore(find_key_file(NetworkFolder(session.options.dir), named))


def _require_project(session: Session, path: str) -> None:
    """The account exists and is no organisation.

    Raises:
        AccountUnknown: there is none; names the nearest.
        ProjectNotBillable: nothing can be billed to it.
    """
    from tallystick.client.accounts import find_account  # noqa: PLC0415 - only this command's
    from tallystick.sidecar.errors import ProjectNotBillable  # noqa: PLC0415

    with session.open_client() as client:
        account = find_account(client.wire, path)
    if account and "/" not in path.strip("/"):
        raise ProjectNotBillable(
            "an organisation bills nothing itself", expected=f"such as {path}/app", actual=path
        )


def _require_one_of(option: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise UsageInvalid(f"{option} cannot be this", expected=" or ".join(known), actual=value)
