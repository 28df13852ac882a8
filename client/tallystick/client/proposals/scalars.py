"""Single values as people write them in a proposal, as integers."""

from __future__ import annotations

import re
from typing import Final

from tallystick.client.errors import ProposalInvalid
from tallystick.core.errors import AmountInvalid
from tallystick.core.units import PPM, parse_credits

MICRO: Final = 1_000_000
_PERCENT_PPM: Final = PPM // 100
_DECIMALS: Final = 6
_WHOLE: Final = re.compile(r"\d{1,3}(?:[_,]\d{3})+|\d+", re.ASCII)
_DECIMAL: Final = re.compile(r"(?P<whole>\d[\d_]*)(?:\.(?P<fraction>\d+))?", re.ASCII)
_LENGTH: Final = re.compile(r"(?P<count>\d{1,9})\s*(?P<unit>[smhdw])", re.ASCII)
_SECONDS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]{40}", re.ASCII)
NOBODY: Final = "0x" + "00" * 20
NONE: Final = "none"


def parse_whole(where: str, text: object) -> int:
    """A whole number: `200`, `100_000`, `100,000`."""
    if not isinstance(text, str) or _WHOLE.fullmatch(text) is None:
        raise _invalid(where, "a whole number such as 100_000", text)
    return int(text.replace("_", "").replace(",", ""))


def parse_ratio_ppm(where: str, text: object) -> int:
    """A factor or a share in millionths: `2.1`, `25%`, `800000ppm`."""
    word = text.strip() if isinstance(text, str) else ""
    if word.endswith("ppm"):
        return parse_whole(where, word.removesuffix("ppm").strip())
    is_percent = word.endswith("%")
    one = _PERCENT_PPM if is_percent else PPM
    return _parse_decimal(where, word.removesuffix("%").strip(), one, "2.1, 25% or 800000ppm")


def parse_usd_uusd(where: str, text: object) -> int:
    """An amount of money in micro-USD: `0.05`, `$1.20`."""
    word = text.strip().removeprefix("$") if isinstance(text, str) else ""
    return _parse_decimal(where, word, MICRO, "US dollars such as 0.05")


def parse_amount_ucr(where: str, text: object) -> int:
    """Credits in ucr."""
    try:
        return parse_credits(str(text))
    except AmountInvalid as error:
        raise _invalid(where, "credits such as 12.8, 1_000 or 1k", text) from error


def parse_length_s(where: str, text: object) -> int:
    """A length of time in seconds: `90s`, `15m`, `24h`, `7d`, `2w`."""
    match = _LENGTH.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        raise _invalid(where, "a length of time such as 15m, 24h or 7d", text)
    return int(match["count"]) * _SECONDS[match["unit"]]


def parse_address(where: str, text: object) -> str:
    """An address, lower case; `none` is the zero address."""
    if text == NONE:
        return NOBODY
    if not isinstance(text, str) or _ADDRESS.fullmatch(text) is None:
        raise _invalid(where, "an address, 0x and 40 hex digits, or none", text)
    return text.lower()


def parse_hash(where: str, text: object) -> bytes:
    """32 bytes: 0x and 64 hex digits."""
    word = text.removeprefix("0x") if isinstance(text, str) else ""
    try:
        raw = bytes.fromhex(word)
    except ValueError:
        raw = b""
    if len(raw) != 32:  # noqa: PLR2004 - as the sentence says
        raise _invalid(where, "0x and 64 hex digits", text)
    return raw


def _parse_decimal(where: str, word: str, one: int, example: str) -> int:
    match = _DECIMAL.fullmatch(word)
    fraction = (match["fraction"] or "") if match is not None else ""
    places = len(str(one)) - 1
    if match is None or len(fraction) > places:
        raise _invalid(where, f"{example}; at most {places} decimals", word)
    return int(match["whole"].replace("_", "")) * one + int(fraction.ljust(places, "0") or "0")


def _invalid(where: str, expected: str, actual: object) -> ProposalInvalid:
    return ProposalInvalid(f"{where} is malformed", expected=expected, actual=repr(actual)[:80])
