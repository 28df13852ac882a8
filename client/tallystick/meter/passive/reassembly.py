"""One direction of a TCP connection put back in order; what never came is a hole, and counted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

MAX_WAITING_BYTES: Final = 1 << 20
"""Held while a hole may still fill; beyond it, the hole is given up."""
_MODULUS: Final = 1 << 32
_HALF: Final = 1 << 31


@dataclass(frozen=True, slots=True)
class Hole:
    """Bytes that were not captured."""

    size: int


@dataclass(slots=True)
class Direction:
    """Bytes of one sender. A connection may be seen from its middle on."""

    _next: int | None = None
    """Sequence number of the byte to come."""
    _waiting: dict[int, bytes] = field(default_factory=dict)
    _waiting_bytes: int = 0

    @property
    def size(self) -> int:
        """Bytes that wait behind holes."""
        return self._waiting_bytes

    def start(self, seq: int) -> None:
        """The sender has begun a connection: its first byte follows this number."""
        self._next = (seq + 1) % _MODULUS
        self._waiting.clear()
        self._waiting_bytes = 0

    def feed(self, seq: int, payload: bytes) -> list[bytes | Hole]:
        """What is in order now.

        Args:
            seq: of the payload's first byte.
            payload: perhaps sent before, wholly or in part.
        """
        if not payload:
            return []
        if self._next is None:
            self._next = seq
        known = self._waiting.get(seq, b"")
        if len(payload) > len(known):
            self._waiting[seq] = payload
            self._waiting_bytes += len(payload) - len(known)
        found: list[bytes | Hole] = [*self._take()]
        while self._waiting_bytes > MAX_WAITING_BYTES:
            found += self._skip()
        return found

    def flush(self) -> list[bytes | Hole]:
        """What waits behind holes, once nothing more comes."""
        found: list[bytes | Hole] = []
        while self._waiting:
            found += self._skip()
        return found

    def _take(self) -> list[bytes]:
        """Everything up to the next hole; overlaps are cut."""
        taken: list[bytes] = []
        while True:
            ready = [seq for seq in self._waiting if self._distance(seq) <= 0]
            if not ready:
                return taken
            for seq in sorted(ready, key=self._distance):
                payload = self._waiting.pop(seq)
                self._waiting_bytes -= len(payload)
                fresh = payload[-self._distance(seq) :]
                if fresh:
                    taken.append(fresh)
                    self._next = ((self._next or 0) + len(fresh)) % _MODULUS

    def _skip(self) -> list[bytes | Hole]:
        """The hole before the first waiting segment is given up."""
        first = min(self._waiting, key=self._distance)
        hole = Hole(self._distance(first))
        self._next = first
        return [hole, *self._take()]

    def _distance(self, seq: int) -> int:
        """Bytes from the next expected one to this; negative = it came before."""
        return (seq - (self._next or 0) + _HALF) % _MODULUS - _HALF
