"""Numbers, times and hashes as people read them. Pure; integers in, text out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from tallystick.core.units import PPM, UCR_PER_CREDIT

NARROW_SPACE: Final = "\u202f"
UUSD_PLACES: Final = 6
UUSD_PER_USD: Final = 10**UUSD_PLACES
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_GPU_HOUR_MS: Final = 3_600_000


def format_fixed_credits(amount_ucr: int, places: int = 2) -> str:
    """Credits with a fixed number of decimals, so that a column lines up; the rest is cut off.

    An amount too small to show is `<0.01` and not zero.
    """
    step = UCR_PER_CREDIT // 10**places
    if 0 < amount_ucr < step:
        return f"<0.{'0' * (places - 1)}1"
    whole, fraction = divmod(abs(amount_ucr), UCR_PER_CREDIT)
    sign = "\u2212" if amount_ucr < 0 else ""
    return f"{sign}{whole:,}.{fraction // step:0{places}d}"


def format_usd(amount_uusd: int, places: int = 2) -> str:
    """Micro-USD as dollars with a fixed number of decimals; the rest is cut off."""
    whole, fraction = divmod(amount_uusd, UUSD_PER_USD)
    return f"{whole:,}.{fraction // 10 ** (UUSD_PLACES - places):0{places}d}"


def format_cents(cents: int) -> str:
    """US cents as dollars."""
    return f"{cents // 100:,}.{cents % 100:02d}"


def format_velocity(value_uusd: int, credits_ucr: int) -> str:
    """What a credit brought, in dollars with four decimals, rounded down: a reading aid.

    The pair of value and credits is what counts.
    """
    if not credits_ucr:
        return "\u2013"
    return format_usd(value_uusd * UCR_PER_CREDIT // credits_ucr, 4)


def format_number(number: int) -> str:
    """A whole number with its thousands apart."""
    return f"{number:,}"


def format_time(time_ms: int | None, *, with_ms: bool = False) -> str:
    """A time in UTC; `from the beginning` where it is 0."""
    if time_ms is None:
        return "\u2013"
    if time_ms == 0:
        return "from the beginning"
    try:
        moment = datetime.fromtimestamp(time_ms // 1000, UTC)
    except (OverflowError, ValueError):
        return f"{time_ms} ms"
    text = f"{moment:%Y-%m-%d %H:%M:%S}"
    return f"{text}.{time_ms % 1000:03d}" if with_ms else text


def format_iso(time_ms: int) -> str:
    """A time for machines."""
    return format_time(time_ms, with_ms=True).replace(" ", "T") + "Z"


def format_hash(value: str, ends: int = 6) -> str:
    """The beginning and the end of a hash or key."""
    return value if len(value) <= 2 * ends + 3 else f"{value[: ends + 2]}\u2026{value[-ends:]}"


def format_permille(part: int, whole: int) -> str:
    """A share with one decimal, such as `12.3 %`; rounded down."""
    if not whole:
        return "\u2013"
    permille = part * 1000 // whole
    return f"{permille // 10}.{permille % 10}{NARROW_SPACE}%"


def format_ppm(ppm: int) -> str:
    """Millionths as a factor: `2.2` for 2,200,000."""
    whole, fraction = divmod(ppm, PPM)
    return f"{whole}" + (f".{fraction:06d}".rstrip("0") if fraction else "")


def format_ppm_percent(ppm: int) -> str:
    """Millionths as percent: `80 %` for 800,000."""
    whole, fraction = divmod(ppm, PPM // 100)
    return f"{whole}" + (f".{fraction:04d}".rstrip("0") if fraction else "") + f"{NARROW_SPACE}%"


def format_gpu_hours(compute_ms: int) -> str:
    """GPU-milliseconds as GPU-hours with two decimals, rounded down."""
    hundredths = compute_ms * 100 // _GPU_HOUR_MS
    return f"{hundredths // 100:,}.{hundredths % 100:02d}"


def format_duration(duration_ms: int) -> str:
    """A stretch of time in its largest fitting units."""
    seconds = duration_ms // 1000
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            tenths = seconds * 10 // length
            shown = f"{tenths // 10}.{tenths % 10}" if tenths % 10 else f"{tenths // 10}"
            return f"{shown}{NARROW_SPACE}{unit}"
    return f"{seconds}{NARROW_SPACE}s" if seconds else f"{duration_ms}{NARROW_SPACE}ms"
