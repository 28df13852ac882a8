"""Server-sent events, cut out of a body that arrives in arbitrary pieces.

Source: HTML Living Standard, section 9.2.6 "Interpreting an event stream".
"""

from __future__ import annotations

import re
from typing import Final

from tallystick.meter.parse.framing.pieces import MAX_EVENT_BYTES, Piece

_LINE_ENDS: Final = re.compile(rb"[\r\n]+")
_BLANK_LINE: Final = re.compile(rb"(?>\r\n|\n|\r)(?>\r\n|\n|\r)")
_LONGEST_BLANK_LINE: Final = 4
_END: Final = b"\n\n"


class SseSplitter:
    """Cuts an event stream into events. What it gave out and what is pending add up to what came.

    An event above the bound is given out as pieces that are no events, so that memory is bounded.
    """

    def __init__(self) -> None:
        self._pending = bytearray()
        self._searched = 0
        self._is_skipping = False

    @property
    def pending(self) -> bytearray:
        """The event that has not ended yet."""
        return self._pending

    def is_whole(self, data: bytes) -> bool:
        """Whether this read holds whole events and nothing is pending: the usual case."""
        return not self._pending and data[-2:] == b"\n\n"

    def feed(self, data: bytes) -> list[Piece]:
        """The events that end in this read, with their blank lines."""
        if self._is_plain(data):
            return [Piece(event + _END, is_event=True) for event in data[:-2].split(_END)]
        self._pending += data
        pieces: list[Piece] = []
        start = 0
        while start < len(self._pending):
            start = self._take_line_ends(start, pieces)
            match = _BLANK_LINE.search(self._pending, max(start, self._searched))
            if match is None:
                break
            self._take(start, match.end(), pieces)
            start = match.end()
        del self._pending[:start]
        self._drop_oversized(pieces)
        self._searched = max(len(self._pending) - _LONGEST_BLANK_LINE, 0)
        return pieces

    def flush(self) -> list[Piece]:
        """What is left when the body ends, as an event: servers forget the last blank line."""
        pieces: list[Piece] = []
        if self._pending:
            self._take(0, len(self._pending), pieces)
        self._pending.clear()
        self._searched = 0
        return pieces

    def _is_plain(self, data: bytes) -> bool:
        """Whether this read holds whole events, as most providers end them, and nothing else."""
        return (
            self.is_whole(data)
            and not self._is_skipping
            and len(data) <= MAX_EVENT_BYTES
            and data[:1] != b"\n"
            and b"\n\n\n" not in data
            and b"\r" not in data
        )

    def _take_line_ends(self, start: int, pieces: list[Piece]) -> int:
        """Line ends before an event are no part of it: half of a CR LF may come a read later."""
        match = None if self._is_skipping else _LINE_ENDS.match(self._pending, start)
        if match is None:
            return start
        pieces.append(Piece(match[0], is_event=False))
        return match.end()

    def _take(self, start: int, end: int, pieces: list[Piece]) -> None:
        is_event = not self._is_skipping and end - start <= MAX_EVENT_BYTES
        pieces.append(Piece(bytes(self._pending[start:end]), is_event=is_event))
        self._is_skipping = False

    def _drop_oversized(self, pieces: list[Piece]) -> None:
        if len(self._pending) <= MAX_EVENT_BYTES and not self._is_skipping:
            return
        keep = min(len(self._pending), _LONGEST_BLANK_LINE)
        if len(self._pending) > keep:
            pieces.append(Piece(bytes(self._pending[: len(self._pending) - keep]), is_event=False))
            del self._pending[: len(self._pending) - keep]
        self._is_skipping = True


def read_event_data(event: bytes) -> bytes:
    """The data of an event, its lines joined by line feeds; b"" where it has none."""
    is_one_line = event.find(b"\n") == len(event) - 2 and event[-2:] == b"\n\n"
    if is_one_line and event[:6] == b"data: " and b"\r" not in event:  # as most providers send it
        return event[6:-2]
    lines = [line[5:].removeprefix(b" ") for line in event.splitlines() if line[:5] == b"data:"]
    return b"\n".join(lines)
