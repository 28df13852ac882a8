"""Which framing an answer has, by its content type."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tallystick.meter.parse.framing.event_stream import EventStreamSplitter, read_payload
from tallystick.meter.parse.framing.json_array import ArraySplitter, read_element
from tallystick.meter.parse.framing.ndjson import LineSplitter, read_line
from tallystick.meter.parse.framing.pieces import Splitter
from tallystick.meter.parse.framing.sse import SseSplitter, read_event_data


@dataclass(frozen=True, slots=True)
class Framing:
    """How a stream is cut into documents.

    Args:
        create_splitter: a fresh splitter.
        read_data: the document inside one of its events.
    """

    create_splitter: Callable[[], Splitter]
    read_data: Callable[[bytes], bytes]


SSE: Final = Framing(SseSplitter, read_event_data)
LINES: Final = Framing(LineSplitter, read_line)
ARRAY: Final = Framing(ArraySplitter, read_element)
EVENT_STREAM: Final = Framing(EventStreamSplitter, read_payload)

_SSE_TYPE: Final = "text/event-stream"


def choose_sse(media_type: str, is_stream: bool) -> Framing | None:  # noqa: FBT001 - Framing's port
    """Server-sent events if the answer says so, or a stream was asked for and this is no JSON."""
    is_sse = media_type == _SSE_TYPE or (is_stream and media_type != "application/json")
    return SSE if is_sse else None


def choose_document(media_type: str, is_stream: bool) -> Framing | None:  # noqa: ARG001, FBT001
    """One document, whatever the answer says: embeddings never stream."""
    return None


def choose_lines(media_type: str, is_stream: bool) -> Framing | None:  # noqa: FBT001
    """Lines of JSON if the answer says so, or a stream was asked for: Ollama."""
    return LINES if is_stream or media_type == "application/x-ndjson" else None


def choose_gemini(media_type: str, is_stream: bool) -> Framing | None:  # noqa: FBT001
    """Server-sent events if asked for by alt=sse, else a stream is a JSON array."""
    if media_type == _SSE_TYPE:
        return SSE
    return ARRAY if is_stream else None


def choose_event_stream(media_type: str, is_stream: bool) -> Framing | None:  # noqa: FBT001
    """AWS event streams if the answer says so, or says nothing and a stream was asked for."""
    is_named = media_type == "application/vnd.amazon.eventstream"
    return EVENT_STREAM if is_named or (is_stream and not media_type) else None
