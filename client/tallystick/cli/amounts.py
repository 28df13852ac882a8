"""Amounts, shares, changes and people as they are printed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from tallystick.cli.render import Table
from tallystick.cli.values import format_share, format_time
from tallystick.client.proposals.changes import Change, Unit, Value
from tallystick.client.proposals.scalars import NOBODY
from tallystick.core.units import PPM, format_credits

MICRO: Final = 1_000_000
CENTS_PER_USD: Final = 100
_ADDRESS_HEAD: Final = 10


def format_usd(uusd: int) -> str:
    """Micro-USD as dollars, to the cent where nothing finer counts."""
    whole, fraction = divmod(uusd, MICRO)
    digits = f"{fraction:06d}".rstrip("0").ljust(2, "0")
    return f"${whole:,}.{digits}"


def format_cents(cents: int) -> str:
    """US cents as dollars."""
    return f"${cents // CENTS_PER_USD:,}.{cents % CENTS_PER_USD:02d}"


def format_factor(factor_ppm: int) -> str:
    """A factor in millionths as a decimal: 2.1."""
    whole, fraction = divmod(factor_ppm, PPM)
    digits = f"{fraction:06d}".rstrip("0")
    return f"{whole:,}.{digits}" if digits else f"{whole:,}"


def format_length(seconds: int) -> str:
    """A length of time in the largest unit that it is a whole number of: 7d."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def format_who(address: str | None) -> str:
    """An address, shortened."""
    if address is None:
        return "-"
    return f"{address[:_ADDRESS_HEAD]}..." if address.startswith("0x") else address


def format_velocity(value_uusd: int, credits_ucr: int) -> str:
    """Value per credit spent, rounded down to a hundredth of a cent; - where nothing was spent."""
    if not credits_ucr:
        return "-"
    return format_usd(value_uusd * MICRO // credits_ucr // 100 * 100)


def list_changes(changes: Sequence[Change]) -> Table:
    """What a proposal changes, before and after."""
    rows = [
        [change.parameter, _format_value(change.before, change.unit), "->", after]
        for change in changes
        for after in [_format_value(change.after, change.unit)]
    ]
    return Table(("parameter", "before", "", "after"), rows, right=frozenset({"before"}))


_FORMATS: Final[Mapping[Unit, Callable[[int], str]]] = {
    Unit.UCR: lambda value: f"{format_credits(value)} credits",
    Unit.NCR: lambda value: f"{value:,} ncr",
    Unit.UUSD: format_usd,
    Unit.FACTOR: format_factor,
    Unit.SHARE: format_share,
    Unit.SECONDS: format_length,
    Unit.TIME: format_time,
}


def _format_value(value: Value, unit: Unit) -> str:
    if value is None or value == NOBODY:
        return "none"
    if not isinstance(value, int) or isinstance(value, bool):
        return str(value)
    return _FORMATS[unit](value) if unit in _FORMATS else f"{value:,}"
