"""Words of the command line as integers: times, periods, shares, assignments."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from tallystick.cli.errors import (
    AssignmentInvalid,
    CountInvalid,
    PeriodInvalid,
    ShareInvalid,
    TimeInvalid,
)
from tallystick.client.budgets import Period, PeriodKind, Rate
from tallystick.core.units import PPM, parse_credits
from tallystick.core.usage import MAX_TIME_MS

_SECONDS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_LENGTH: Final = re.compile(r"(?P<count>\d{1,9})(?P<unit>[smhdw])", re.ASCII)
_SHARE: Final = re.compile(
    r"(?P<whole>\d{1,7})(?:\.(?P<fraction>\d+))?\s*(?P<sign>%|ppm)", re.ASCII
)
_COUNT: Final = re.compile(r"\d{1,3}(?:_\d{3})+|\d+", re.ASCII)
_DOLLARS: Final = re.compile(r"\$?(?P<whole>\d[\d_]*)(?:\.(?P<fraction>\d{1,2}))?", re.ASCII)
_PERCENT_DECIMALS: Final = 4
"""A percent is 10,000 ppm."""
MAX_PERIOD_S: Final = 2**32 - 1
NO_LIMIT: Final = "none"


def parse_time_ms(text: str, now_ms: int) -> int:
    """The moment that `text` names, in Unix ms.

    Args:
        text: ISO 8601 (`2026-11-22`, `2026-11-22T10:00:00+01:00`; without a zone it is UTC), or
            how long ago: `90m`, `24h`, `7d`, `2w`.
        now_ms: what ages are counted from.

    Raises:
        TimeInvalid: neither, or before 1970.
    """
    age = _LENGTH.fullmatch(text.strip())
    if age is not None:
        time_ms = now_ms - int(age["count"]) * _SECONDS[age["unit"]] * 1_000
    else:
        time_ms = _parse_iso_ms(text)
    if not 0 <= time_ms <= MAX_TIME_MS:
        raise TimeInvalid("a time is out of range", expected="1970 or later", actual=repr(text))
    return time_ms


def format_time(time_ms: int) -> str:
    """A time as people read it: UTC, to the second."""
    return datetime.fromtimestamp(time_ms // 1_000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def parse_period(text: str) -> Period:
    """The period of a budget.

    Args:
        text: a length (`30d`, `12h`), `week` (from Monday), `month` (from the 1st), or `none` for
            one period that never ends; calendar days are UTC.

    Raises:
        PeriodInvalid: none of these.
    """
    word = text.strip().lower()
    if word in ("week", "month", "none"):
        return Period(PeriodKind[word.upper()], 0)
    length = _LENGTH.fullmatch(word)
    length_s = int(length["count"]) * _SECONDS[length["unit"]] if length else 0
    if not 0 < length_s <= MAX_PERIOD_S:
        raise PeriodInvalid(
            "this is no period", expected="a length such as 30d, week, month or none", actual=text
        )
    return Period(PeriodKind.FIXED, length_s)


def parse_share_ppm(text: str) -> int:
    """A share in millionths.

    Args:
        text: percent or ppm with their sign: `80%`, `12.5%`, `800000ppm`.

    Raises:
        ShareInvalid: no sign, finer than a millionth, or above 100 %.
    """
    match = _SHARE.fullmatch(text.strip())
    decimals = _PERCENT_DECIMALS if match is not None and match["sign"] == "%" else 0
    fraction = (match["fraction"] or "") if match is not None else ""
    if match is None or len(fraction) > decimals:
        raise ShareInvalid(
            "this is no share", expected="percent or ppm, such as 80% or 800000ppm", actual=text
        )
    share_ppm = int(match["whole"] + fraction.ljust(decimals, "0"))
    if share_ppm > PPM:
        raise ShareInvalid("a share is too large", expected="at most 100%", actual=text)
    return share_ppm


def format_share(share_ppm: int) -> str:
    """A share as people read it: percent, trailing zeros dropped."""
    whole, fraction = divmod(share_ppm, PPM // 100)
    digits = f"{fraction:04d}".rstrip("0")
    return f"{whole}.{digits}%" if digits else f"{whole}%"


def parse_count(text: str) -> int:
    """A whole number: `420`, `1_000`.

    Raises:
        CountInvalid: something else.
    """
    if _COUNT.fullmatch(text.strip()) is None:
        raise CountInvalid("this is no whole number", expected="such as 1_000", actual=text)
    return int(text.strip().replace("_", ""))


def parse_cents(text: str) -> int:
    """An amount of money in US cents: `$200`, `99.50`.

    Raises:
        CountInvalid: no such amount, or finer than a cent.
    """
    match = _DOLLARS.fullmatch(text.strip())
    if match is None:
        raise CountInvalid("this is no price", expected="US dollars such as $99.50", actual=text)
    return int(match["whole"].replace("_", "") + (match["fraction"] or "").ljust(2, "0"))


def parse_length_s(text: str) -> int:
    """A length of time in seconds: `90s`, `15m`, `24h`, `7d`, `2w`.

    Raises:
        TimeInvalid: something else, or nothing at all.
    """
    match = _LENGTH.fullmatch(text.strip())
    length_s = int(match["count"]) * _SECONDS[match["unit"]] if match else 0
    if not length_s:
        raise TimeInvalid("this is no length of time", expected="such as 15m or 7d", actual=text)
    return length_s


def parse_rate(text: str) -> Rate | None:
    """The most that leases take in a window: `100/1h`; `none` takes it away.

    Raises:
        PeriodInvalid: no amount and length.
    """
    if text.strip().lower() == NO_LIMIT:
        return None
    amount, slash, length = text.partition("/")
    if not slash:
        raise PeriodInvalid("this is no rate", expected="such as 100/1h, or none", actual=text)
    return Rate(parse_credits(amount), parse_length_s(length))


def parse_limit_ucr(text: str) -> int | None:
    """A budget's limit in ucr; `none` takes it away.

    Raises:
        AmountInvalid: no amount of credits.
    """
    return None if text.strip().lower() == NO_LIMIT else parse_credits(text)


def parse_assignments(texts: Iterable[str]) -> dict[str, str]:
    """FIELD=VALUE pairs by field, the last one of a field winning.

    Args:
        texts: each one pair.

    Raises:
        AssignmentInvalid: one has no `=`, or nothing before it.
    """
    pairs: dict[str, str] = {}
    for text in texts:
        field, found, value = text.partition("=")
        if not found or not field.strip():
            raise AssignmentInvalid(
                "an assignment is malformed", expected="FIELD=VALUE", actual=text
            )
        pairs[field.strip()] = value.strip()
    return pairs


def _parse_iso_ms(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise TimeInvalid(
            "this is no time",
            expected="ISO, such as 2026-11-22T10:00, or an age such as 7d",
            actual=repr(text[:40]),
        ) from error
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return (moment - epoch) // _MILLISECOND


_MILLISECOND: Final = datetime(1970, 1, 1, 0, 0, 0, 1_000) - datetime(1970, 1, 1)  # noqa: DTZ001 - a length
