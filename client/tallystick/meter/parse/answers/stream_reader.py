"""Follows an answer that comes in pieces, and leaves out the chunk that only we asked for."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from tallystick.meter.parse.answers.formats import AnswerFormat, Gatherer
from tallystick.meter.parse.answers.likeness import Likeness
from tallystick.meter.parse.answers.texts import count_text_bytes
from tallystick.meter.parse.errors import UsageMalformed
from tallystick.meter.parse.framing.pieces import Piece, Splitter
from tallystick.meter.parse.reading import Reading

_MAX_HELD_BYTES: Final = 64 * 1024
"""Of what may be the start of a usage chunk; real ones stay below 2 KiB."""

_OPENING: Final = re.compile(rb"(?:d(?:a(?:t(?:a(?::(?: *(?:\{.*)?)?)?)?)?)?)?", re.DOTALL)
_HOLDS_CHOICE: Final = re.compile(rb'"choices"\s*+:\s*+\[\s*+[^\s\]]')


class StreamReader:
    """Follows one stream (see `AnswerReader`). Only events that look wanted are decoded.

    Args:
        answer_format: of the provider.
        splitter: cuts the stream into events.
        read_data: the document inside an event.
        input_bytes: of the call, None where it is not known.
        hides_usage: the chunk that holds nothing but usage is left out of what is passed on.
    """

    def __init__(
        self,
        answer_format: AnswerFormat,
        splitter: Splitter,
        read_data: Callable[[bytes], bytes],
        *,
        input_bytes: int | None,
        hides_usage: bool,
    ) -> None:
        self._format = answer_format
        self._splitter = splitter
        self._read_data = read_data
        self._gatherer = Gatherer(answer_format, input_bytes)
        self._likeness = Likeness(answer_format.text_keys)
        self._hides_usage = hides_usage
        self._passed = 0  # bytes of the pending event that were passed on
        self._hid_half_line_end = False
        self.output_bytes = 0
        self.problem = ""

    @property
    def is_complete(self) -> bool:
        """The stream's own end was seen."""
        return self._gatherer.is_complete

    @property
    def raw(self) -> bytes:
        """The last usage object, merged with earlier ones where the provider's add up so."""
        return self._gatherer.raw

    def feed(self, data: bytes) -> bytes:
        """What to pass on now; bytes are held only while they may be the start of a hidden chunk.

        Args:
            data: as it came from upstream.
        """
        if self._splitter.is_whole(data) and not self._hid_half_line_end:
            count = self._likeness.count_text(data)
            if count < 0 and not self._format.is_wanted(data):
                count = count_text_bytes(data, self._format.text_keys)
                self._likeness.learn(data)
            if count >= 0:
                self.output_bytes += count
                return data
        pieces = self._splitter.feed(data)
        if self._hides_usage:
            return self._pass_on(pieces)
        for piece in pieces:
            self._take(piece)
        return data

    def flush(self) -> bytes:
        """What was held back, once the body has ended."""
        pieces = self._splitter.flush()
        if self._hides_usage:
            return self._pass_on(pieces)
        for piece in pieces:
            self._take(piece)
        return b""

    def finish(self) -> Reading | None:
        """The answer's reading; None, and a problem, if the provider reported nothing usable."""
        self.flush()
        if not self.raw:
            self.problem = "no_usage"
            return None
        try:
            return self._gatherer.read(self.output_bytes)
        except UsageMalformed:
            self.problem = "usage_malformed"
            return None

    def _pass_on(self, pieces: list[Piece]) -> bytes:
        passed = bytearray()
        for piece in pieces:
            is_hidden = self._take(piece)
            if self._hid_half_line_end and piece.data[:1] == b"\n":
                passed += piece.data[1:]
            elif not is_hidden:
                passed += piece.data[self._passed :]
            self._hid_half_line_end = is_hidden and piece.data[-1:] == b"\r"
            self._passed = max(self._passed - len(piece.data), 0)
        pending = self._splitter.pending
        if pending and not _may_be_usage_only(pending):
            passed += pending[self._passed :]
            self._passed = len(pending)
        return bytes(passed)

    def _take(self, piece: Piece) -> bool:
        """Whether this piece, now part of the answer, is for us alone."""
        if not piece.is_event:
            return False
        if not self._format.is_wanted(piece.data):
            self.output_bytes += count_text_bytes(piece.data, self._format.text_keys)
            return False
        found = self._gatherer.take(self._read_data(piece.data))
        is_hidden = self._hides_usage and found is not None and found.is_usage_only
        is_hidden = is_hidden and _may_be_usage_only(piece.data)
        if not is_hidden:
            self.output_bytes += count_text_bytes(piece.data, self._format.text_keys)
        return is_hidden


def _may_be_usage_only(event: bytes | bytearray) -> bool:
    """Whether an event that starts so may turn out to hold nothing but usage.

    Once false it stays false however the event goes on: what was let go cannot be hidden.
    """
    return (
        len(event) <= _MAX_HELD_BYTES
        and _OPENING.fullmatch(event) is not None
        and _HOLDS_CHOICE.search(event) is None
    )
