"""What the gateway, the wrappers and the passive meters ask of a provider's wire format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote, unquote

from tallystick.meter.parse.reading import Reading


@dataclass(frozen=True, slots=True)
class CallRequest:
    """What a call asks for, as far as it bounds what the call can cost.

    Args:
        model: as the caller names it.
        is_stream: the answer comes in pieces.
        body: what goes upstream: the very bytes that came unless something had to be changed.
        hides_usage: usage was asked for on the caller's behalf; the extra chunk is for us alone.
        max_output_tokens: the most LLM tokens asked for, over all choices together; None if open.
        choices: how many answers are asked for, at least 1.
        input_bytes: UTF-8 bytes that hold everything the model reads as text; an upper bound.
        has_opaque_input: something is read whose size the bytes do not bound: an image, a file,
            a stored conversation, what a tool of the provider fetches.
        user: the body's own word for who calls.
    """

    model: str
    is_stream: bool
    body: bytes
    hides_usage: bool
    max_output_tokens: int | None
    choices: int
    input_bytes: int
    has_opaque_input: bool
    user: str | None


class AnswerReader(Protocol):
    """Follows one answer. Never raises on what a provider sends: what is broken is not there."""

    @property
    def output_bytes(self) -> int:
        """UTF-8 bytes of text produced so far, all choices together; approximate."""

    @property
    def is_complete(self) -> bool:
        """The answer's own end was seen, or a whole document was parsed."""

    @property
    def problem(self) -> str:
        """Why `finish` found nothing: no_usage, usage_malformed, not_json, too_large; else ""."""

    @property
    def raw(self) -> bytes:
        """The usage object as it came, at most 16 KiB, also where it is malformed."""

    def feed(self, data: bytes) -> bytes:
        """What to pass on now: the same object unless an injected chunk is left out."""

    def flush(self) -> bytes:
        """What was held back, once the body has ended."""

    def finish(self) -> Reading | None:
        """The answer's reading; None if the provider reported nothing usable."""


class Dialect(Protocol):
    """How one provider's calls, answers and refusals look."""

    @property
    def name(self) -> str:
        """How routes, events and settings call it, as in "openai-chat"."""

    def read_request(
        self, route: Route, body: bytes, *, injects_usage: bool, upstream_model: str | None = None
    ) -> CallRequest:
        """The call in this body.

        Args:
            route: where it was sent.
            body: as it came, decompressed.
            injects_usage: the upstream may be asked to report usage in streams.
            upstream_model: what the upstream calls the model, where that differs.

        Raises:
            RequestMalformed: it is no call that could be metered.
        """

    def create_reader(self, request: CallRequest | None, content_type: str) -> AnswerReader:
        """A reader for one answer.

        Args:
            request: what it answers, None where that is not known.
            content_type: the answer's header, "" where there is none.
        """

    def format_refusal(
        self, status: int, code: str, message: str, details: Mapping[str, int | str]
    ) -> bytes:
        """The JSON body of a refusal in the provider's own error shape.

        Args:
            status: of HTTP.
            code: ours, stable.
            message: one sentence.
            details: what a program may want to know, found under "tallystick" with the code.
        """

    def read_usage(self, usage: Mapping[str, object]) -> Reading:
        """The counts of a usage object of this provider, without model, tier or raw bytes.

        Raises:
            UsageMalformed: a count is none, or one without which the rest means nothing is absent.
        """


@dataclass(frozen=True, slots=True)
class Route:
    """Where a call was sent.

    Args:
        dialect: what is spoken there.
        path: as it came, without the query.
        model: where the path names it, else None.
        is_stream: where the path says so, else None.
    """

    dialect: Dialect
    path: str
    model: str | None
    is_stream: bool | None

    def upstream_path(self, upstream_model: str | None) -> str:
        """The path to ask upstream: this one, with the upstream's name where it names a model."""
        if self.model is None or upstream_model is None or upstream_model == self.model:
            return self.path
        name, segments = quote(upstream_model, safe=""), self.path.split("/")
        for place, segment in enumerate(segments):
            head, colon, action = unquote(segment).rpartition(":")
            if colon and head == self.model:  # Gemini: models/{name}:{action}
                segments[place] = f"{name}:{action}"
            elif unquote(segment) == self.model:
                segments[place] = name
        return "/".join(segments)
