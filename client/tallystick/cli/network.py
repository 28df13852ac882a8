"""`tallystick up`, `down`, `status`, `logs`, `doctor`: the network on this machine."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from threading import Event
from typing import Annotated, Any, Final

import typer

from tallystick.cli.app import Session, command, quiet_logs
from tallystick.cli.doctor import examine
from tallystick.cli.errors import UsageInvalid
from tallystick.cli.render import Table
from tallystick.client.errors import find_nearest
from tallystick.client.status import StatusView
from tallystick.core.errors import TemporaryFailure
from tallystick.local.errors import NotRunning
from tallystick.local.folder import NetworkFile, NetworkFolder
from tallystick.local.shutdown import shut_down

MAX_VALIDATORS: Final = 32
FOLLOW_S: Final = 0.2


def add_to(root: typer.Typer) -> None:
    """The commands are part of the program."""
    for function, examples in (
        (up, ("tallystick up", "tallystick up --engine avalanche --detach")),
        (down, ("tallystick down", "tallystick down --purge --yes")),
        (status, ("tallystick status", "tallystick status --json")),
        (logs, ("tallystick logs validator-1 -f", "tallystick logs chain-3")),
        (doctor, ("tallystick doctor", "tallystick doctor --json")),
    ):
        command(root, function.__name__, examples=examples)(function)


def up(
    context: typer.Context,
    *,
    validators: Annotated[
        int, typer.Option(min=1, max=MAX_VALIDATORS, metavar="N", help="how many, in a new network")
    ] = 4,
    port: Annotated[
        int | None,
        typer.Option(
            min=1, max=65_000, metavar="P", help="the chain's; validators take the next ones"
        ),
    ] = None,
    engine: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="of a new network's chain: anvil, or avalanche (several nodes)"
        ),
    ] = None,
    detach: Annotated[
        bool | None,
        typer.Option(
            "--detach/--attach",
            help="return when healthy, or serve until Ctrl-C; without: attach on a terminal",
        ),
    ] = None,
) -> None:
    """Start a network here, or revive what is missing of it."""
    # Starting takes packages that no other command needs.
    from tallystick.local.founding import NetworkPlan  # noqa: PLC0415
    from tallystick.local.launch import launch  # noqa: PLC0415

    session: Session = context.obj
    quiet_logs()
    folder = NetworkFolder(session.options.dir)
    for ending in (signal.SIGTERM, signal.SIGHUP):  # told to stop, or the terminal was closed
        signal.signal(ending, _interrupt)
    launched = launch(folder, NetworkPlan(validators, port, engine), session.output.note)
    for meter in launched.unsettled:
        session.output.note(f"meter {meter} has records that have not settled yet")
    network = launched.network
    session.output.show(describe(network), *_views(network, folder))
    stays = session.output.is_terminal if detach is None else not detach
    if stays:
        _serve(session, folder)


def down(
    context: typer.Context,
    *,
    purge: Annotated[
        bool, typer.Option("--purge", help="delete the folder too: keys, records, chain")
    ] = False,
) -> None:
    """Stop the network and wait until nothing runs."""
    session: Session = context.obj
    folder = NetworkFolder(session.options.dir)
    if purge and folder.root.exists():
        session.announce(f"Deleting {folder.root} with keys, records and chain")
        session.ask_once()
    was_running = shut_down(folder, purge=purge)
    document = {"running": False, "was_running": was_running, "purged": purge}
    session.output.show(document, "stopped" if was_running else "nothing was running")


def status(context: typer.Context) -> None:
    """Show what runs and how far it has come."""
    session: Session = context.obj
    try:
        with session.open_client() as client:
            found = client.status()
    except (NotRunning, TemporaryFailure) as error:
        if session.options.ledger is not None:
            raise
        session.exit_code = NotRunning.exit_code
        session.output.show({"running": False}, f"not running: {error}")
        return
    session.output.show(found, *_status_views(found))


def logs(
    context: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help="a validator, or a node of the chain; without: list"),
    ] = None,
    *,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="and what is added")] = False,
) -> None:
    """Show one validator's log or the chain's."""
    session: Session = context.obj
    folder = NetworkFolder(session.options.dir)
    known = sorted(path.stem for path in folder.logs.glob("*.log"))
    if not known:
        raise NotRunning(str(folder.root), why="there are no logs in this folder")
    if name is None:
        session.output.show(known, "\n".join(known))
        return
    if name not in known:
        nearest = ", ".join(find_nearest(name, known) or known)
        raise UsageInvalid("there is no such log", expected=nearest, actual=name)
    _show_log(session, folder.log(name), follow=follow)


def doctor(context: typer.Context) -> None:
    """Check what a network on this machine needs."""
    session: Session = context.obj
    findings = examine(NetworkFolder(session.options.dir))
    healthy = all(finding.ok for finding in findings)
    rows = [["ok" if found.ok else "MISSING", found.name, found.detail] for found in findings]
    document = {"healthy": healthy, "checks": findings}
    session.output.show(document, Table(("", "what", "found"), rows))
    session.exit_code = 0 if healthy else 1


def describe(network: NetworkFile) -> dict[str, Any]:
    """What `up` answers with."""
    return {
        "running": True,
        "engine": network.engine,
        "chain_id": network.chain_id,
        "rpc_url": network.rpc_urls[0],
        "explorer_url": network.validators[0].url,
        "ledger": network.ledger,
        "validators": network.validators,
    }


def _views(network: NetworkFile, folder: NetworkFolder) -> tuple[str, ...]:
    nodes = f" on {len(network.nodes)} chain nodes" if network.nodes else ""
    return (
        f"running: {len(network.validators)} validators{nodes}, folder {folder.root}",
        f"explorer  {network.validators[0].url}",
        f"chain     {network.rpc_urls[0]} (chain id {network.chain_id})",
        f"ledger    {network.ledger}",
    )


def _status_views(found: StatusView) -> tuple[str | Table, ...]:
    nodes = [
        [node.name, node.url, str(node.pid or "-"), _liveness(node.alive)]
        for node in found.chain_nodes
    ]
    validators = [
        [validator.name, validator.url, str(validator.pid or "-"), _liveness(validator.alive)]
        for validator in found.validators
    ]
    meters = [
        [
            meter.name,
            str(meter.id),
            f"{meter.cursor:,}",
            "-" if meter.spooled is None else f"{meter.spooled:,}",
        ]
        for meter in found.meters
    ]
    return (
        f"running: chain {found.chain_id} at block {found.block:,}, {found.rpc_url}",
        f"explorer {found.explorer_url or '-'}, ledger {found.ledger}",
        (
            f"{found.records_settled:,} records settled, {found.records_quarantined:,} quarantined,"
            f" in {found.batches:,} batches for {found.gas_used:,} gas\n"
        ),
        *_list_if_any(
            Table(("chain node", "url", "pid", "state"), nodes, right=frozenset({"pid"}))
        ),
        Table(("validator", "url", "pid", "state"), validators, right=frozenset({"pid"})),
        "",
        Table(
            ("meter", "id", "settled", "waiting here"),
            meters,
            right=frozenset({"id", "settled", "waiting here"}),
        ),
    )


def _list_if_any(table: Table) -> tuple[Table | str, ...]:
    return (table, "") if table.rows else ()


def _liveness(alive: bool | None) -> str:
    return "unknown" if alive is None else "alive" if alive else "down"


def _show_log(session: Session, path: Path, *, follow: bool) -> None:
    with path.open(errors="replace") as log:
        session.output.show_text(log.read())
        while follow:
            time.sleep(FOLLOW_S)
            session.output.show_text(log.read())


def _serve(session: Session, folder: NetworkFolder) -> None:
    """The network serves until Ctrl-C, SIGTERM or SIGHUP, then is stopped."""
    session.output.note("serving; Ctrl-C stops it")
    try:
        Event().wait()
    except KeyboardInterrupt:
        try:
            session.output.note("stopping")  # fails where the terminal is gone
        finally:
            shut_down(folder, purge=False)


def _interrupt(*_: object) -> None:
    """SIGTERM and SIGHUP end what Ctrl-C ends."""
    raise KeyboardInterrupt
