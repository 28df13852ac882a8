"""`tallystick network`: a network between organisations, from its members' cards to its changes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tallystick.cli import ceremony_changes
from tallystick.cli.app import Session, command, create_app, quiet_logs
from tallystick.cli.ceremony_init import EXAMPLES, init
from tallystick.cli.errors import UsageInvalid
from tallystick.cli.passphrase import FILE_VARIABLE, find_passphrase, find_passphrase_file
from tallystick.cli.render import Table

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

    from tallystick.ceremony.cards import Card
    from tallystick.ceremony.founding import Founded

app = create_app("A network between organisations: cards, founding, members.")
command(app, "init", examples=EXAMPLES)(init)
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="the member's")]
CardOption = Annotated[
    list[Path], typer.Option("--card", metavar="FILE", help="a member's; repeat for each")
]
PassphraseOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help=f"mode 0600; {FILE_VARIABLE}, or asked, without"),
]


def add_to(root: typer.Typer) -> None:
    """The commands are part of the program."""
    root.add_typer(app, name="network")


@command(
    app,
    "join",
    examples=(
        "tallystick network join acme --url https://tally.acme.example --passphrase-file acme.pass",
        "tallystick network join acme --url https://tally.acme.example --generation 2 --json",
    ),
)
def join(
    context: typer.Context,
    name: NameArgument,
    *,
    url: Annotated[str, typer.Option(help="where the others find the validator")],
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="the member's folder; --dir without")
    ] = None,
    passphrase_file: PassphraseOption = None,
    plain: Annotated[bool, typer.Option("--plain", help="bare keys, for rehearsals")] = False,
    chain_node: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="where its chain node listens (Besu)")
    ] = None,
    chain_key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="that node's key; made without")
    ] = None,
    generation: Annotated[
        int, typer.Option(min=1, max=999, metavar="N", help="2, 3, ... for new keys by a vote")
    ] = 1,
) -> None:
    """Make a member's keys in its own folder, and the card that the others get."""
    from tallystick.ceremony.cards import compute_fingerprint  # noqa: PLC0415 - as for the client
    from tallystick.ceremony.joining import Joining, locate_card  # noqa: PLC0415
    from tallystick.ceremony.joining import join as join_network  # noqa: PLC0415

    session: Session = context.obj
    root = out or session.options.dir
    session.announce(f"Making keys of {name} in {root}")
    is_new = not locate_card(root, name, generation).exists()
    phrase = None if plain or not is_new else find_passphrase(passphrase_file, is_new=True)
    joined = join_network(
        root, Joining(name, url, chain_node, chain_key, phrase, generation=generation)
    )
    fingerprint = compute_fingerprint(joined.card)
    session.output.show(
        {
            "card": str(joined.path),
            "created": joined.created,
            "fingerprint": fingerprint,
            "member": joined.card.member,
        },
        f"{joined.path} {'made' if joined.created else 'is there already'}",
        f"fingerprint: {fingerprint}",
        "Give the card to whoever founds the network, and read the fingerprint out to them.",
    )


@command(
    app,
    "cards",
    examples=(
        "tallystick network cards acme.card.json",
        "tallystick network cards *.card.json --json",
    ),
)
def cards(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="cards")],
) -> None:
    """Check cards: that each key signed its own, and that they can be of one network."""
    from tallystick.ceremony.cards import compute_fingerprint  # noqa: PLC0415 - as for the client
    from tallystick.ceremony.members import check_together  # noqa: PLC0415

    session: Session = context.obj
    found = _read_cards(files)
    check_together([card.member for card in found])
    document = [{"fingerprint": compute_fingerprint(card), "member": card.member} for card in found]
    rows = [[card.member.name, card.member.url, compute_fingerprint(card)] for card in found]
    session.output.show(document, Table(("member", "url", "fingerprint"), rows))


@command(
    app,
    "found",
    examples=(
        "tallystick network found --rpc http://10.0.0.1:8545 --card CARD --card CARD ...",
        "tallystick network found --rpc URL --config avalanche --card CARD ... --out shared",
    ),
)
def found(
    context: typer.Context,
    *,
    card: CardOption,
    config: Annotated[
        str, typer.Option(metavar="besu|avalanche|local", help="what the network fixes")
    ] = "besu",
    deployer_key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="pays; a key made for this without")
    ] = None,
    registrar: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="a key of the folder without")
    ] = None,
    guardian: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="a key of the folder without")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="what all members get; --dir without")
    ] = None,
    wait: Annotated[
        float, typer.Option(min=0, metavar="SECONDS", help="for the chain to answer")
    ] = 0.0,
    anew: Annotated[
        bool, typer.Option("--anew", help="leave behind what was begun here and broke off")
    ] = False,
) -> None:
    """Deploy a network from its members' cards, on a chain that runs (--rpc URL)."""
    from tallystick.ceremony import founding  # noqa: PLC0415 - as for the client

    session: Session = context.obj
    urls = session.options.rpc_urls
    if not urls:
        raise UsageInvalid("nobody said which chain", expected="--rpc URL")
    quiet_logs()
    root = out or session.options.dir
    order = founding.FoundingOrder(
        cards=_read_cards(card),
        rpc_urls=urls,
        config=config,
        deployer=None if deployer_key is None else _load_key(deployer_key),
        registrar=_check_address(registrar),
        guardian=_check_address(guardian),
        anew=anew,
    )
    names = ", ".join(sorted(one.member.name for one in order.cards))
    session.announce(f"Founding a network of {names} on {urls[0]} in {root}")
    session.ask_once()
    is_known = (root / "network.json").exists()
    if not is_known:
        founding.wait_for_chain(urls[0], wait)
    _show_founded(session, root, founding.found(root, order))


@command(
    app,
    "check",
    examples=(
        "tallystick network check shared --card acme.card.json --rpc http://127.0.0.1:8545",
        "tallystick network check shared --json",
    ),
)
def check(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="what `found` wrote")],
    card: Annotated[
        list[Path] | None,
        typer.Option("--card", metavar="FILE", help="as its member gave it; all of them"),
    ] = None,
) -> None:
    """Check that a network that was just founded is what its members agreed on."""
    from tallystick.ceremony.checking import check_founding  # noqa: PLC0415 - as for the client

    session: Session = context.obj
    given = _read_cards(card or [])
    decisions = check_founding(folder, given, session.options.rpc_urls)
    names = [member.name for member in decisions.agreement.members]
    document = {
        "agreed": True,
        "members": names,
        "registrar": decisions.agreement.registrar,
        "guardian": decisions.agreement.guardian,
    }
    session.output.show(document, f"founded as agreed by {', '.join(names)}")


@command(
    app,
    "settings",
    examples=(
        "tallystick network settings acme --network network.json --passphrase-file acme.pass",
        "tallystick network settings acme --rpc http://127.0.0.1:8545 --host 127.0.0.1 --json",
    ),
)
def settings(
    context: typer.Context,
    name: NameArgument,
    *,
    network: Annotated[
        Path | None, typer.Option(metavar="FILE", help="network.json of the founded network")
    ] = None,
    host: Annotated[str | None, typer.Option(help="to listen on; without: by its URL")] = None,
    port: Annotated[
        int | None, typer.Option(min=1, max=65_535, help="to listen on; its URL's without")
    ] = None,
    passphrase_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="the node reads it at every start")
    ] = None,
    token_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="bearer token that readers present")
    ] = None,
) -> None:
    """Write the settings that a member's node starts with; without secrets."""
    from tallystick.ceremony.card_files import read_card  # noqa: PLC0415 - as for the client
    from tallystick.ceremony.joining import locate_card  # noqa: PLC0415
    from tallystick.ceremony.node_settings import (  # noqa: PLC0415
        NodePlace,
        adopt_network,
        write_member_settings,
    )

    session: Session = context.obj
    root = session.options.dir
    member = read_card(locate_card(root, name)).member
    if network is not None:
        adopt_network(root, network, session.options.rpc_urls)
    given = passphrase_file or find_passphrase_file()
    path = write_member_settings(
        root,
        name,
        member.url,
        NodePlace(
            host,
            port,
            session.options.rpc_urls,
            None if given is None else given.resolve(),
            None if token_file is None else token_file.resolve(),
        ),
    )
    session.output.show({"settings": str(path)}, f"tallystick node run --settings {path}")


def _show_founded(session: Session, root: Path, done: Founded) -> None:
    network, agreement = done.network, done.decisions.agreement
    document: dict[str, Any] = {
        "created": done.created,
        "folder": str(root),
        "ledger": network.ledger,
        "chain_id": network.chain_id,
        "genesis_hash": network.genesis_hash,
        "network_id": network.network_id,
        "registrar": agreement.registrar,
        "guardian": agreement.guardian,
        "validators": network.validators,
    }
    verb = "founded" if done.created else "was founded before"
    session.output.show(
        document,
        f"network {network.network_id[:8]} {verb}: ledger {network.ledger}",
        Table(("validator", "url"), [[one.name, one.url] for one in network.validators]),
        f"Give {root}/network.json, founding.json and cards/ to every member.",
    )


def _read_cards(files: list[Path]) -> list[Card]:
    from tallystick.ceremony.card_files import read_card  # noqa: PLC0415 - as for the client

    return [read_card(path) for path in files]


def _load_key(path: Path) -> LocalAccount:
    from tallystick.chain.key_files import open_chain_key  # noqa: PLC0415 - as for the client

    return open_chain_key(path, find_passphrase)


def _check_address(text: str | None) -> str | None:
    from tallystick.client.proposals.scalars import parse_address  # noqa: PLC0415 - as above

    return None if text is None else parse_address("an address", text)


ceremony_changes.add_to(app)
