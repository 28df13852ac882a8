"""Follows an answer that is one JSON document."""

from __future__ import annotations

import json
from typing import Final

from tallystick.meter.parse.answers.formats import AnswerFormat, Gatherer
from tallystick.meter.parse.answers.texts import count_text_bytes
from tallystick.meter.parse.errors import UsageMalformed
from tallystick.meter.parse.reading import MAX_RAW_BYTES, Reading

MAX_DOCUMENT_BYTES: Final = 32 * 1024 * 1024
"""Of one answer that is kept; only embeddings of thousands of texts are larger."""

_TAIL_BYTES: Final = 64 * 1024
_USAGE: Final = b'"usage"'


class DocumentReader:
    """Follows one whole answer (see `AnswerReader`); it is read when its body has ended.

    Of a document above the bound only the end is kept, where servers put the usage object.

    Args:
        answer_format: of the provider.
        input_bytes: of the call, None where it is not known.
    """

    def __init__(self, answer_format: AnswerFormat, *, input_bytes: int | None) -> None:
        self._format = answer_format
        self._gatherer = Gatherer(answer_format, input_bytes)
        self._parts: list[bytes] = []
        self._size = 0
        self._is_cut = False
        self._has_ended = False
        self._document = b""
        self.problem = ""

    @property
    def output_bytes(self) -> int:
        """Bytes of text in the document once it has ended; only estimates ask."""
        return count_text_bytes(self._document, self._format.document_keys)

    @property
    def is_complete(self) -> bool:
        """The body has ended, and was a whole document."""
        return self._gatherer.is_complete

    @property
    def raw(self) -> bytes:
        """The usage object as it came."""
        return self._gatherer.raw

    def feed(self, data: bytes) -> bytes:
        """The same bytes; a copy is kept."""
        self._parts.append(data)
        self._size += len(data)
        if self._size > MAX_DOCUMENT_BYTES:
            tail = b"".join(self._parts)[-_TAIL_BYTES:]
            self._parts, self._size, self._is_cut = [tail], len(tail), True
        return data

    def flush(self) -> bytes:
        """Nothing is held back; the document is read."""
        if self._has_ended:
            return b""
        self._has_ended = True
        self._document = b"".join(self._parts)
        self._parts.clear()
        document = _rebuild_end(self._document) if self._is_cut else self._document
        if self._gatherer.take(document) is None:
            self.problem = "too_large" if self._is_cut else "not_json"
        else:
            self._gatherer.close()
        return b""

    def finish(self) -> Reading | None:
        """The answer's reading; None, and a problem, if the provider reported nothing usable."""
        self.flush()
        if not self.raw:
            self.problem = self.problem or "no_usage"
            return None
        try:
            return self._gatherer.read(self.output_bytes if self._format.amend else 0)
        except UsageMalformed:
            self.problem = "usage_malformed"
            return None


def _rebuild_end(tail: bytes) -> bytes:
    """A small document with the usage object of a large one, b"" if its end does not hold one.

    Inside a JSON string the quotes around the name would be escaped, so text cannot look like it.
    """
    text = tail.decode("utf-8", "replace")
    at = text.rfind(_USAGE.decode())
    start = text.find("{", at)
    if at < 0 or start < 0 or not text.rstrip().endswith("}"):
        return b""
    try:
        usage, _ = json.JSONDecoder().raw_decode(text, start)
    except (ValueError, RecursionError):
        return b""
    encoded = json.dumps({"usage": usage}).encode()
    return encoded if len(encoded) <= MAX_RAW_BYTES else b""
