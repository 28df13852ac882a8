"""Usage objects that come without their call: from events, logs and other people's records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import msgspec

from tallystick.meter.parse.json_parts import read_name, read_tier
from tallystick.meter.parse.reading import MAX_RAW_BYTES, Reading
from tallystick.meter.parse.routes import find_dialect


def read_usage_document(
    dialect_name: str, usage: Mapping[str, object], *, model: str = "", tier: str = ""
) -> Reading:
    """What a provider's usage object says was used.

    Args:
        dialect_name: whose format it is in.
        usage: the object, decoded.
        model: as the answer named it.
        tier: as the answer named it; the standard tier's names become "".

    Raises:
        DialectUnknown: no such dialect.
        UsageMalformed: a count is none, or missing.
    """
    reading = find_dialect(dialect_name).read_usage(usage)
    raw = msgspec.json.encode(usage)
    return replace(
        reading,
        model=read_name(model),
        tier=reading.tier or read_tier(tier),
        raw=raw if len(raw) <= MAX_RAW_BYTES else b"",
    )
