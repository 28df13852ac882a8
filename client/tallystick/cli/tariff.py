"""`tallystick tariff`: what everything costs."""

from __future__ import annotations

from typing import Annotated

import typer

from tallystick.cli.app import Session, command, create_app
from tallystick.cli.render import Table
from tallystick.cli.values import format_time, parse_time_ms
from tallystick.client.tariff import RatesView

app = create_app("What everything costs.")
COLUMNS = (
    "resource",
    "input",
    "cached",
    "written",
    "output",
    "reasoning",
    "GPU-ms",
    "GiB-s",
    "KiB",
    "per call",
    "per ktok²",
)


def add_to(root: typer.Typer) -> None:
    """The commands are part of the program."""
    root.add_typer(app, name="tariff")


@command(
    app,
    "show",
    examples=("tallystick tariff show", "tallystick tariff show --at 2026-11-01 --json"),
)
def show(
    context: typer.Context,
    at: Annotated[
        str | None, typer.Option(metavar="TIME", help="the tariff of a moment; now without")
    ] = None,
) -> None:
    """Show the resolved rates in force, in nano-credits per unit."""
    session: Session = context.obj
    now_ms = session.read_now_ms()
    time_ms = now_ms if at is None else parse_time_ms(at, now_ms)
    with session.open_client() as client:
        tariff = client.tariff(time_ms)
    since = format_time(tariff.from_ms) if tariff.from_ms else "the beginning"
    session.output.show(
        tariff,
        f"tariff {tariff.version}, index epoch {tariff.index_epoch}, in force since {since}",
        "nano-credits per unit\n",
        Table(
            COLUMNS,
            [_row(slug, rates) for slug, rates in tariff.resources.items()],
            right=frozenset(COLUMNS[1:]),
        ),
    )


def _row(slug: str, rates: RatesView) -> list[str]:
    numbers = (
        rates.w_in,
        rates.w_cached,
        rates.w_written,
        rates.w_out,
        rates.w_reason,
        rates.g,
        rates.m,
        rates.t,
        rates.mci_base,
        rates.mci_quad,
    )
    return [slug, *(f"{number:,}" if number else "-" for number in numbers)]
