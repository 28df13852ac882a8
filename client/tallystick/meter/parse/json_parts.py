"""Parts of answers, decoded as far as they are needed and as leniently as possible."""

from __future__ import annotations

import json
from typing import Final, TypeVar

import msgspec

from tallystick.meter.nesting import bound_nesting
from tallystick.meter.parse.calls.fields import MAX_NAME_CHARS
from tallystick.meter.parse.reading import MAX_RAW_BYTES

_STANDARD_TIERS: Final = frozenset({"default", "standard", "auto", "on_demand", "unspecified"})
_MAX_TIER_CHARS: Final = 64

Part = TypeVar("Part", bound=msgspec.Struct)


def decode_part(decoder: msgspec.json.Decoder[Part], document: bytes) -> Part | None:
    """The parts of an answer's document; None if it is none."""
    bound_nesting()
    try:
        return decoder.decode(document)
    except msgspec.ValidationError:
        return None
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _decode_repaired(decoder, document)
    except RecursionError:
        return None


def decode_usage(raw: bytes) -> dict[str, object] | None:
    """A usage object; None if these bytes are something else."""
    bound_nesting()
    try:
        usage = msgspec.json.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return usage if isinstance(usage, dict) else None


def keep_raw(value: msgspec.Raw) -> bytes:
    """The bytes of a value; b"" if it is absent, null or too long to be a usage object."""
    raw = bytes(value).strip()
    return b"" if raw == b"null" or len(raw) > MAX_RAW_BYTES else raw


def read_name(value: object) -> str:
    """A model's name as an answer gives it, "" if it is none."""
    return value if isinstance(value, str) and len(value) <= MAX_NAME_CHARS else ""


def read_tier(value: object) -> str:
    """A price tier in lower case, "" for the standard one under any of its names."""
    if not isinstance(value, str) or len(value) > _MAX_TIER_CHARS:
        return ""
    tier = value.lower()
    return "" if tier in _STANDARD_TIERS else tier


def _decode_repaired(decoder: msgspec.json.Decoder[Part], document: bytes) -> Part | None:
    """The parts of a document whose text is no Unicode: half of an emoji, say, by a cut."""
    try:
        value = json.loads(document.decode("utf-8", "replace"))
        repaired = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
        return decoder.decode(repaired)
    except (ValueError, RecursionError):  # msgspec's errors are ValueErrors too
        return None
