"""A dialect put together from what it knows about calls, answers and refusals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from tallystick.meter.parse.answers.document_reader import DocumentReader
from tallystick.meter.parse.answers.formats import AnswerFormat
from tallystick.meter.parse.answers.stream_reader import StreamReader
from tallystick.meter.parse.dialects import AnswerReader, CallRequest, Route
from tallystick.meter.parse.framing.framings import Framing
from tallystick.meter.parse.reading import Reading

Refusal = Callable[[int, str, str, Mapping[str, int | str]], bytes]


class RequestParser(Protocol):
    """Reads the calls of one dialect."""

    def __call__(
        self, route: Route, body: bytes, *, injects_usage: bool, upstream_model: str | None
    ) -> CallRequest:
        """The call in this body; raises RequestMalformed."""


@dataclass(frozen=True, slots=True)
class WireDialect:
    """One provider's wire format (see `Dialect`).

    Args:
        name: as routes and events call it.
        parse_request: reads calls.
        answer_format: how answers report usage.
        choose_framing: from the answer's content type, in lower case without parameters, and
            whether a stream was asked for; None for one whole document.
        refuse: formats a refusal.
    """

    name: str
    parse_request: RequestParser
    answer_format: AnswerFormat
    choose_framing: Callable[[str, bool], Framing | None]
    refuse: Refusal

    def read_request(
        self, route: Route, body: bytes, *, injects_usage: bool, upstream_model: str | None = None
    ) -> CallRequest:
        """The call in this body.

        Raises:
            RequestMalformed: it is no call that could be metered.
        """
        return self.parse_request(
            route, body, injects_usage=injects_usage, upstream_model=upstream_model
        )

    def create_reader(self, request: CallRequest | None, content_type: str) -> AnswerReader:
        """A reader for one answer to this request."""
        media_type = content_type.partition(";")[0].strip().lower()
        input_bytes = None if request is None else request.input_bytes
        framing = self.choose_framing(media_type, request is not None and request.is_stream)
        if framing is None:
            return DocumentReader(self.answer_format, input_bytes=input_bytes)
        return StreamReader(
            self.answer_format,
            framing.create_splitter(),
            framing.read_data,
            input_bytes=input_bytes,
            hides_usage=request is not None and request.hides_usage,
        )

    def format_refusal(
        self, status: int, code: str, message: str, details: Mapping[str, int | str]
    ) -> bytes:
        """The JSON body of a refusal in the provider's own error shape."""
        return self.refuse(status, code, message, details)

    def read_usage(self, usage: Mapping[str, object]) -> Reading:
        """The counts of a usage object of this provider.

        Raises:
            UsageMalformed: a count is none, or one without which the rest means nothing is absent.
        """
        return self.answer_format.read_usage(usage)
