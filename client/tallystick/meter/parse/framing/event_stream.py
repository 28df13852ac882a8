"""AWS event streams: binary frames with a JSON payload, as Bedrock streams.

Source: botocore's and Smithy's description of application/vnd.amazon.eventstream: total length u32,
length of the headers u32, checksum u32, headers, payload, checksum u32; all big-endian.
"""

from __future__ import annotations

import struct
from typing import Final

from tallystick.meter.parse.framing.pieces import MAX_EVENT_BYTES, Piece

_PRELUDE: Final = struct.Struct(">II")
_PRELUDE_BYTES: Final = 12
_CHECKSUM_BYTES: Final = 4


class EventStreamSplitter:
    """Cuts a body into frames. After a frame that cannot be one, everything is passed over.

    Checksums are the receiving client's affair: a damaged frame costs no more than its reading.
    """

    def __init__(self) -> None:
        self._pending = bytearray()
        self._is_broken = False

    @property
    def pending(self) -> bytearray:
        """The frame that has not ended yet."""
        return self._pending

    def is_whole(self, data: bytes) -> bool:  # noqa: ARG002 - asked of every splitter
        """False: frames are counted, not looked for."""
        return False

    def feed(self, data: bytes) -> list[Piece]:
        """The frames that end in this read."""
        self._pending += data
        pieces: list[Piece] = []
        while not self._is_broken and len(self._pending) >= _PRELUDE_BYTES:
            total, headers = _PRELUDE.unpack_from(self._pending)
            overhead = _PRELUDE_BYTES + headers + _CHECKSUM_BYTES
            self._is_broken = not overhead <= total <= MAX_EVENT_BYTES
            if self._is_broken or len(self._pending) < total:
                break
            pieces.append(Piece(bytes(self._pending[:total]), is_event=True))
            del self._pending[:total]
        if self._is_broken:
            pieces += self.flush()
        return pieces

    def flush(self) -> list[Piece]:
        """What is left, which is no frame."""
        pieces = [Piece(bytes(self._pending), is_event=False)] if self._pending else []
        self._pending.clear()
        return pieces


def read_payload(frame: bytes) -> bytes:
    """The payload of a frame."""
    _, headers = _PRELUDE.unpack_from(frame)
    return frame[_PRELUDE_BYTES + headers : -_CHECKSUM_BYTES]
