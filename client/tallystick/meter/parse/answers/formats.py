"""What a dialect knows about its provider's answers, and what is gathered from one of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from tallystick.core.usage import Flag
from tallystick.meter.parse.errors import UsageMalformed
from tallystick.meter.parse.json_parts import decode_usage
from tallystick.meter.parse.reading import NO_FLAGS, Reading

Usage = dict[str, object]
Merge = Callable[[Usage, Usage], tuple[Usage, bool]]


class Found(NamedTuple):
    """What one document of an answer says.

    Args:
        usage: the usage object's bytes, b"" where it is absent or null.
        model: "" where it is not said.
        tier: "" for the standard one, or where it is not said.
        is_end: the answer ends here.
        is_usage_only: it holds nothing for the caller but usage: an injected chunk looks so.
        is_counted: the usage is final, not a placeholder of an answer that only begins.
    """

    usage: bytes = b""
    model: str = ""
    tier: str = ""
    is_end: bool = False
    is_usage_only: bool = False
    is_counted: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an answer got.

    Args:
        input_bytes: of the call, None where it is not known.
        output_bytes: of text.
        is_counted: the provider has said that its usage is final.
    """

    input_bytes: int | None
    output_bytes: int
    is_counted: bool


@dataclass(frozen=True, slots=True)
class AnswerFormat:
    """How one provider's answers report usage.

    Args:
        is_wanted: whether these bytes may hold usage or the end; must be fast, and true of
            whatever holds one of them. The rest is never decoded.
        find: reads one document: a whole answer, or the data of one event.
        read_usage: the counts of a usage object.
        text_keys: what stands before text in a stream (texts.py).
        document_keys: the same in a whole answer.
        merge: joins an earlier usage object of the same stream and a later one, and tells whether
            they contradict each other; None if the later one replaces the earlier.
        amend: what a reading lacks for another reason than the provider's word; None if nothing.
    """

    is_wanted: Callable[[bytes], bool]
    find: Callable[[bytes], Found | None]
    read_usage: Callable[[Mapping[str, object]], Reading]
    text_keys: tuple[bytes, ...]
    document_keys: tuple[bytes, ...]
    merge: Merge | None = None
    amend: Callable[[Reading, Usage, Progress], Reading] | None = None


class Gatherer:
    """Collects what the documents of one answer say.

    Args:
        answer_format: of the provider.
        input_bytes: of the call, None where it is not known.
    """

    __slots__ = (
        "_flags",
        "_format",
        "_input_bytes",
        "_is_counted",
        "_merged",
        "_model",
        "_tier",
        "is_complete",
        "raw",
    )

    def __init__(self, answer_format: AnswerFormat, input_bytes: int | None) -> None:
        self._format = answer_format
        self._input_bytes = input_bytes
        self._merged: Usage | None = None
        self._flags = NO_FLAGS
        self._model = ""
        self._tier = ""
        self._is_counted = False
        self.is_complete = False
        self.raw = b""

    def take(self, document: bytes) -> Found | None:
        """What this document says is part of the answer; None if it is no JSON object."""
        found = self._format.find(document)
        if found is None:
            return None
        self._model = found.model or self._model
        self._tier = found.tier or self._tier
        self._is_counted = self._is_counted or found.is_counted
        self.is_complete = self.is_complete or found.is_end
        if found.usage:
            self.raw = found.usage
            if self._format.merge is not None:
                self._merge(self._format.merge, found.usage)
        return found

    def close(self) -> None:
        """The answer is one whole document, so nothing of it is a placeholder."""
        self._is_counted = True
        self.is_complete = True

    def read(self, output_bytes: int) -> Reading:
        """The reading of all that was taken.

        Raises:
            UsageMalformed: what was reported last is no usage.
        """
        usage = decode_usage(self.raw)
        if usage is None:
            raise UsageMalformed("usage", expected="an object", actual=repr(self.raw[:80]))
        reading = self._format.read_usage(usage)
        if self._format.amend is not None:
            progress = Progress(self._input_bytes, output_bytes, self._is_counted)
            reading = self._format.amend(reading, usage, progress)
        return Reading(
            reading.in_fresh,
            reading.in_cached,
            reading.in_written,
            reading.out_visible,
            reading.out_reasoning,
            reading.flags | self._flags if self._flags else reading.flags,
            self._model,
            reading.tier or self._tier,
            self.raw,
        )

    def _merge(self, merge: Merge, raw: bytes) -> None:
        usage = decode_usage(raw)
        if usage is None:
            return  # malformed; if nothing better comes, that is the answer's problem
        if self._merged is not None:
            usage, is_contradictory = merge(self._merged, usage)
            if is_contradictory:
                self._flags |= Flag.USAGE_MISMATCH
            self.raw = msgspec.json.encode(usage)
        self._merged = usage
