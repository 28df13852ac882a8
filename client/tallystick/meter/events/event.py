"""One piece of use that somebody else reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from tallystick.core.usage import TOKEN_FIELDS, Flag

NO_FLAGS: Final = Flag(0)
MAX_RAW_BYTES: Final = 16 * 1024
NO_RAW: Final = b""


@dataclass(frozen=True, slots=True)
class Event:
    """Use, as a program outside of ours reports it; (source, id) is what makes it itself.

    Two events of the same source and id are the same event: the first one counts, whatever the
    second says.
    """

    source: str
    id: str
    time_ms: int
    """When the use happened, Unix ms."""
    models: tuple[str, ...]
    """Names it may be priced under, the most exact one first; never empty."""
    quantities: Mapping[str, int]
    """By record field; what is not named is 0."""
    flags: Flag = NO_FLAGS
    tier: str = ""
    """The price tier that was used; empty = standard."""
    project: str | None = None
    """Path of the account that is billed; None = the key's."""
    user: str | None = None
    """Who is behind it, as the telemetry calls them."""
    step: int | None = None
    """Position in a workflow; None = the key's."""
    duration_ms: int = 0
    raw: bytes = NO_RAW
    """The reported usage as it came, JSON, for the details."""

    @property
    def counts_tokens(self) -> bool:
        """Whether any of its quantities are tokens."""
        return any(self.quantities.get(name, 0) for name in TOKEN_FIELDS)


def encode_raw(usage: Mapping[str, object]) -> bytes:
    """Reported usage as JSON for the details; empty where it is beyond 16 KiB."""
    encoded = msgspec.json.encode(usage, order="sorted")
    return encoded if len(encoded) <= MAX_RAW_BYTES else NO_RAW
