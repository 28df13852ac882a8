"""Answers that an upstream packed although it was asked not to."""

from __future__ import annotations

import zlib
from typing import Final

_WBITS_BY_ENCODING: Final = {"gzip": 31, "x-gzip": 31, "deflate": 15}
_STEP_BYTES: Final = 1 << 18


class Unpacker:
    """A copy of a packed answer, unpacked for whoever reads usage from it.

    What cannot be unpacked, and what lies beyond the bound, is not there.

    Args:
        encoding: the answer's Content-Encoding.
        limit: bytes it may have unpacked.
    """

    def __init__(self, encoding: str, limit: int) -> None:
        wbits = _WBITS_BY_ENCODING.get(encoding.strip().lower())
        self._unpacker = zlib.decompressobj(wbits) if wbits else None
        self._left = limit

    @property
    def can_unpack(self) -> bool:
        """Whether the encoding is known and nothing was wrong so far."""
        return self._unpacker is not None

    def feed(self, data: bytes) -> bytes:
        """What these packed bytes add, unpacked."""
        parts: list[bytes] = []
        while data and self._unpacker is not None:
            try:
                part = self._unpacker.decompress(data, min(_STEP_BYTES, self._left + 1))
            except zlib.error:
                self._unpacker = None
                break
            self._left -= len(part)
            if self._left < 0:
                self._unpacker = None
                break
            parts.append(part)
            data = self._unpacker.unconsumed_tail
        return b"".join(parts)


def create_unpacker(encoding: str | None, limit: int) -> Unpacker | None:
    """An unpacker for an answer with this Content-Encoding, None where it is not packed."""
    if not encoding or encoding.strip().lower() == "identity":
        return None
    return Unpacker(encoding, limit)
