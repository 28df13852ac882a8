"""Usage objects that come without their call: from events, logs and other people's records."""

from __future__ import annotations

from collections.abc import Mapping

from tallystick.meter.parse.reading import Reading


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
    raise NotImplementedError
