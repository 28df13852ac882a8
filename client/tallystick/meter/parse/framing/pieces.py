"""What splitters cut a body into."""

from __future__ import annotations

from typing import Final, NamedTuple, Protocol

MAX_EVENT_BYTES: Final = 4 * 1024 * 1024
"""Of one event or line: above the largest answer in one piece, and what one stream may hold."""


class Piece(NamedTuple):
    """Consecutive bytes of a body."""

    data: bytes
    is_event: bool


class Splitter(Protocol):
    """Cuts a body into events. What it gave out and what is pending add up to what came."""

    @property
    def pending(self) -> bytearray:
        """The event that has not ended yet."""

    def is_whole(self, data: bytes) -> bool:
        """Whether this read certainly holds whole events, and nothing is pending."""

    def feed(self, data: bytes) -> list[Piece]:
        """The events that end in this read, and what lies between them."""

    def flush(self) -> list[Piece]:
        """What is left when the body ends."""
