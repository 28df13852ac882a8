"""The elements of a JSON array that arrives in pieces, as Gemini streams without alt=sse."""

from __future__ import annotations

import re
from typing import Final

from tallystick.meter.parse.framing.pieces import MAX_EVENT_BYTES, Piece

_OUTSIDE: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|["{}]', re.DOTALL)
_INSIDE: Final = re.compile(rb'\\.|"', re.DOTALL)
_QUOTE: Final = b'"'
_OPENING: Final = b"{"
_BRACES: Final = frozenset({b"{", b"}"})


class ArraySplitter:
    """Cuts out the outermost objects of a body; brackets and commas go along with the next one.

    An object above the bound is given out as pieces that are no events, so that memory is bounded.
    """

    def __init__(self) -> None:
        self._pending = bytearray()
        self._at = 0
        self._depth = 0
        self._is_in_string = False
        self._is_skipping = False

    @property
    def pending(self) -> bytearray:
        """The object that has not ended yet."""
        return self._pending

    def is_whole(self, data: bytes) -> bool:  # noqa: ARG002 - asked of every splitter
        """False: where objects end is not seen at a glance."""
        return False

    def feed(self, data: bytes) -> list[Piece]:
        """The objects that end in this read."""
        self._pending += data
        pieces: list[Piece] = []
        while self._step(pieces):
            pass
        if len(self._pending) > MAX_EVENT_BYTES or (self._is_skipping and self._at):
            self._is_skipping = True
            self._give_out(pieces)
        return pieces

    def flush(self) -> list[Piece]:
        """What is left: the closing bracket, or an object that was cut."""
        pieces: list[Piece] = []
        self._at = len(self._pending)
        self._is_skipping = True
        self._give_out(pieces)
        return pieces

    def _step(self, pieces: list[Piece]) -> bool:
        """Goes on to the next byte that means something; False where there is none."""
        pattern = _INSIDE if self._is_in_string else _OUTSIDE
        match = pattern.search(self._pending, self._at)
        if match is None:
            ends_in_backslash = self._is_in_string and self._pending[self._at :][-1:] == b"\\"
            self._at = len(self._pending) - ends_in_backslash
            return False
        self._at = match.end()
        token = match[0]
        if token == _QUOTE:
            self._is_in_string = not self._is_in_string
        elif not self._is_in_string and token in _BRACES:
            self._depth = max(self._depth + (1 if token == _OPENING else -1), 0)
            if self._depth == 0:
                self._give_out(pieces)
                self._is_skipping = False
        return True

    def _give_out(self, pieces: list[Piece]) -> None:
        if self._at == 0:
            return
        is_event = not self._is_skipping and self._at <= MAX_EVENT_BYTES
        pieces.append(Piece(bytes(self._pending[: self._at]), is_event=is_event))
        del self._pending[: self._at]
        self._at = 0


def read_element(event: bytes) -> bytes:
    """The object, without what stands before it in the array."""
    return event[max(event.find(b"{"), 0) :]
