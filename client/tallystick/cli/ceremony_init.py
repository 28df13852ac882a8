"""`tallystick network init`: what the chain's nodes of a network are started with."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from tallystick.ceremony.besu.bundle import Bundle, write_from_cards, write_rehearsal
from tallystick.ceremony.besu.plan import MAX_VALIDATORS, Plan
from tallystick.ceremony.card_files import read_card
from tallystick.chain.config import load_network_config
from tallystick.cli.app import Session
from tallystick.cli.errors import UsageInvalid
from tallystick.cli.render import Table

EXAMPLES: Final = (
    "tallystick network init --engine besu --validators 4 --out network",
    "tallystick network init --card a.json --card b.json --card c.json --card d.json --out network",
)
ENGINES: Final = ("besu",)
_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]{40}", re.ASCII)


def init(
    context: typer.Context,
    *,
    engine: Annotated[str, typer.Option(metavar="NAME", help="of the chain: besu")] = "besu",
    validators: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=1, max=MAX_VALIDATORS, help="a rehearsal: all members' keys made here"
        ),
    ] = None,
    card: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="a member's card; repeat it")
    ] = None,
    allow: Annotated[
        list[str] | None,
        typer.Option(metavar="ADDRESS", help="whose transactions the chain takes too; repeat it"),
    ] = None,
    out: Annotated[Path, typer.Option(metavar="DIR", help="the bundle's folder")] = Path("network"),
) -> None:
    """Write genesis, peers, permissions and containers of a network's chain."""
    session: Session = context.obj
    allowed = [_check_address(address) for address in allow or ()]
    if engine not in ENGINES:
        raise UsageInvalid("no such engine here", expected=", ".join(ENGINES), actual=engine)
    if (validators is None) == (not card):
        raise UsageInvalid("whose network is it", expected="--validators N or some --card FILE")
    config = load_network_config(engine)
    if validators is not None:
        session.output.note(f"making keys of {validators} members in {out}")
        plan = Plan(validators, _name_folder(out), config.chain.id)
        bundle = write_rehearsal(out, plan, config, allowed)
    else:
        cards = [read_card(path) for path in card or ()]
        bundle = write_from_cards(out, cards, config, allowed)
    session.output.show(_describe(bundle, out), *_views(bundle, out))


def _check_address(text: str) -> str:
    if _ADDRESS.fullmatch(text) is None:
        raise UsageInvalid("an address is malformed", expected="0x and 40 hex digits", actual=text)
    return text.lower()


def _name_folder(out: Path) -> str:
    """The bundle as its compose file names it: from where it is started, which is here."""
    if out.is_absolute():
        return out.as_posix()
    return f"./{Path(os.path.normpath(out)).as_posix()}"


def _describe(bundle: Bundle, out: Path) -> dict[str, Any]:
    file = bundle.file
    return {
        "out": str(out),
        "created": bundle.created,
        "engine": file.engine,
        "chain_id": file.chain_id,
        "validators": [
            {"name": member.name, "url": member.url, "chain_address": member.chain_address}
            for member in file.members
        ],
        "accounts": file.accounts,
        "compose": str(out / "docker-compose.yml") if file.containers else None,
    }


def _views(bundle: Bundle, out: Path) -> tuple[str | Table, ...]:
    file = bundle.file
    verb = "written" if bundle.created else "already there, brought up to date"
    rows = [[member.name, str(member.chain_address), member.url] for member in file.members]
    table = Table(("member", "makes blocks as", "url"), rows)
    if not file.containers:
        return (f"{out}: {verb}", table, f"every chain node is started with {out}/besu/shared")
    start = f"docker compose -f {out}/docker-compose.yml --project-directory . up --detach"
    return (f"{out}: {verb}", table, f"start it:  {start}")
