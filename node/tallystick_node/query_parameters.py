"""Query parameters as values: bounded, and refused in words where they are not of their kind."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from tallystick_node.errors import ParameterInvalid

MAX_PAGE_ROWS: Final = 1_000
MAX_TEXT: Final = 200
MAX_USER: Final = 2**64 - 1
MAX_PLACE: Final = 2**62

Place = tuple[int, int]
"""Where a page of rows begins, as `12.345` in a URL."""


def parse_number(name: str, text: str | None, *, maximum: int = MAX_PLACE) -> int | None:
    """A whole number from 0 to `maximum`; None where the parameter is missing or empty.

    Raises:
        ParameterInvalid: anything else.
    """
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(maximum)):
        raise ParameterInvalid(
            f"{name} is no whole number", expected=f"0..{maximum}", actual=text[:40]
        )
    if int(text) > maximum:
        raise ParameterInvalid(f"{name} is too large", expected=f"0..{maximum}", actual=text[:40])
    return int(text)


def parse_limit(text: str | None, *, default: int, maximum: int = MAX_PAGE_ROWS) -> int:
    """How many rows to answer with.

    Raises:
        ParameterInvalid: no number, or more than `maximum`.
    """
    limit = parse_number("limit", text, maximum=maximum)
    return default if limit is None else limit


def parse_place(text: str | None) -> Place | None:
    """The place `12.345`; None where the parameter is missing.

    Raises:
        ParameterInvalid: anything else.
    """
    if not text:
        return None
    first, dot, second = text.partition(".")
    if not dot or not first or not second:
        raise ParameterInvalid(
            "before is no place in a list", expected="two numbers, such as 12.345", actual=text[:40]
        )
    return (parse_number("before", first) or 0, parse_number("before", second) or 0)


def parse_user(text: str | None) -> int | None:
    """A pseudonym, 0x and hex digits or decimal; None where the parameter is missing.

    Raises:
        ParameterInvalid: anything else, or beyond 64 bits.
    """
    if not text:
        return None
    try:
        user = int(text, 16) if text.lower().startswith("0x") else int(text)
    except ValueError:
        user = -1
    if not 0 <= user <= MAX_USER or "_" in text:
        raise ParameterInvalid(
            "user is no pseudonym", expected="0x and 16 hex digits", actual=text[:40]
        )
    return user


def parse_time_ms(name: str, text: str | None) -> int | None:
    """A time as Unix ms: milliseconds, or an ISO date or time (UTC where it names no zone).

    Raises:
        ParameterInvalid: anything else, or before 1970.
    """
    if not text:
        return None
    if text.isascii() and text.isdigit():
        return parse_number(name, text, maximum=2**48 - 1)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ParameterInvalid(
            f"{name} is no time",
            expected="such as 2026-01-31 or 2026-01-31T12:00",
            actual=text[:40],
        ) from error
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if moment.year < 1970:  # noqa: PLR2004 - the first year of Unix time
        raise ParameterInvalid(f"{name} is too early", expected="1970 or later", actual=text[:40])
    return int(moment.timestamp()) * 1000 + moment.microsecond // 1000


def parse_text(name: str, text: str | None) -> str | None:
    """A name or path; None where the parameter is missing or empty.

    Raises:
        ParameterInvalid: longer than any name there is.
    """
    if not text or not text.strip():
        return None
    if len(text) > MAX_TEXT:
        raise ParameterInvalid(f"{name} is too long", expected=f"{MAX_TEXT} characters at most")
    return text.strip()
