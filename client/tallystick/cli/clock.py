"""`tallystick clock`: the time of a local network."""

from __future__ import annotations

from typing import Annotated

import typer

from tallystick.cli.app import Session, command, create_app
from tallystick.cli.values import format_time, parse_length_s

app = create_app("The time of a local network.")
MS_PER_S = 1_000


def add_to(root: typer.Typer) -> None:
    """The commands are part of the program."""
    root.add_typer(app, name="clock")


@command(
    app,
    "forward",
    examples=("tallystick clock forward 7d", "tallystick clock forward 90m --json"),
)
def forward(
    context: typer.Context,
    length: Annotated[str, typer.Argument(metavar="LENGTH", help="such as 90m, 24h or 7d")],
) -> None:
    """Jump ahead in time, on a local network only; repeating it jumps again."""
    from tallystick.local import clock  # noqa: PLC0415 - as all that starts or moves a network
    from tallystick.local.folder import NetworkFolder  # noqa: PLC0415

    session: Session = context.obj
    seconds = parse_length_s(length)
    session.announce(f"Moving the network's clock {length} ahead; it never goes back")
    session.ask_once()
    jump = clock.forward(NetworkFolder(session.options.dir), seconds)
    document = {
        "seconds": jump.seconds,
        "offset_s": jump.offset_s,
        "block": jump.block,
        "time": jump.time_s * MS_PER_S,
    }
    when = format_time(jump.time_s * MS_PER_S)
    session.output.show(document, f"it is {when} on this network, block {jump.block:,}")
