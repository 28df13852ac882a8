"""Lengths of time as configurations write them."""

from __future__ import annotations

import re
from typing import Final

from tallystick.sidecar.errors import ConfigInvalid

_LENGTH: Final = re.compile(r"(?P<count>\d{1,9})(?P<unit>ms|s|m|h)", re.ASCII)
_MS: Final = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000}


def parse_length_ms(text: str) -> int:
    """A length of time in ms: 500ms, 60s, 10m, 1h.

    Raises:
        ConfigInvalid: something else.
    """
    match = _LENGTH.fullmatch(text.strip())
    if match is None:
        raise ConfigInvalid("this is no length of time", expected="such as 60s", actual=text)
    return int(match["count"]) * _MS[match["unit"]]
