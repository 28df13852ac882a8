"""JSON documents a line each, as Ollama streams them."""

from __future__ import annotations

from typing import Final

from tallystick.meter.parse.framing.pieces import MAX_EVENT_BYTES, Piece

_LINE_END: Final = b"\n"


class LineSplitter:
    """Cuts a body into lines. What it gave out and what is pending add up to what came.

    A line above the bound is given out as pieces that are no events, so that memory is bounded.
    """

    def __init__(self) -> None:
        self._pending = bytearray()
        self._is_skipping = False

    @property
    def pending(self) -> bytearray:
        """The line that has not ended yet."""
        return self._pending

    def is_whole(self, data: bytes) -> bool:
        """Whether this read holds whole lines and nothing is pending."""
        return not self._pending and not self._is_skipping and data[-1:] == _LINE_END

    def feed(self, data: bytes) -> list[Piece]:
        """The lines that end in this read."""
        pieces: list[Piece] = []
        *ended, rest = data.split(_LINE_END)
        for line in ended:
            self._pending += line + _LINE_END
            self._give_out(pieces)
            self._is_skipping = False
        self._pending += rest
        if self._is_skipping or len(self._pending) > MAX_EVENT_BYTES:
            self._is_skipping = True
            self._give_out(pieces)
        return pieces

    def flush(self) -> list[Piece]:
        """The last line, if nothing ended it."""
        pieces: list[Piece] = []
        self._give_out(pieces)
        return pieces

    def _give_out(self, pieces: list[Piece]) -> None:
        if not self._pending:
            return
        is_event = not self._is_skipping and len(self._pending) <= MAX_EVENT_BYTES
        pieces.append(Piece(bytes(self._pending), is_event=is_event))
        self._pending.clear()


def read_line(line: bytes) -> bytes:
    """The document in a line."""
    return line.strip()
