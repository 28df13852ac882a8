"""Whole exchanges that others post or write: Envoy's HTTP taps, and a plain document of our own.

Source: Envoy's data/tap/v3 (`http_buffered_trace`), as its admin stream and file sinks write it.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from tallystick.meter.passive.errors import ObservationMalformed
from tallystick.meter.passive.exchange import Answer, Exchange, compute_content_id

ENVOY: Final = "envoy-tap"
DOCUMENT: Final = "exchange"


class _Header(msgspec.Struct):
    key: str
    value: str = ""


class _Body(msgspec.Struct):
    as_bytes: str = ""
    as_string: str = ""
    truncated: bool = False


class _Half(msgspec.Struct):
    headers: list[_Header] = []
    body: _Body | None = None


class _Trace(msgspec.Struct):
    request: _Half
    response: _Half | None = None


class _Wrapper(msgspec.Struct):
    http_buffered_trace: _Trace


class SeenRequest(msgspec.Struct, forbid_unknown_fields=True):
    """The request of a posted exchange."""

    method: str
    target: str
    headers: dict[str, str] = {}
    body: str = ""
    client: str = ""


class SeenAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """The answer of a posted exchange."""

    status: int
    headers: dict[str, str] = {}
    body: str = ""


class SeenExchange(msgspec.Struct, forbid_unknown_fields=True):
    """A posted exchange; without an id, its content is its identity."""

    request: SeenRequest
    answer: SeenAnswer | None = None
    id: str = ""
    time_ms: int | None = None


def read_document(text: bytes, now_ms: int) -> Exchange:
    """The exchange in a document of ours.

    Args:
        text: JSON of `SeenExchange`.
        now_ms: its time, where it names none.

    Raises:
        ObservationMalformed: it is no such document.
    """
    try:
        seen = msgspec.json.decode(text, type=SeenExchange)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise _refuse("an exchange", error) from error
    time_ms = now_ms if seen.time_ms is None else seen.time_ms
    answer = seen.answer
    return Exchange(
        source=DOCUMENT,
        id=seen.id or compute_content_id(text),
        time_ms=time_ms,
        method=seen.request.method.upper(),
        target=seen.request.target,
        client=seen.request.client,
        headers=_lower(seen.request.headers),
        body=seen.request.body.encode(),
        answer=None
        if answer is None
        else Answer(answer.status, _lower(answer.headers), answer.body.encode(), True, time_ms),
    )


def read_envoy_tap(text: bytes, now_ms: int) -> Exchange:
    """The exchange in a buffered trace of Envoy's tap filter.

    Args:
        text: JSON of a TraceWrapper, bodies as bytes or as strings.
        now_ms: its time: traces carry none.

    Raises:
        ObservationMalformed: it is no such trace.
    """
    try:
        trace = msgspec.json.decode(text, type=_Wrapper).http_buffered_trace
        request, response = trace.request, trace.response
        asked, answered = _read_half(request), _read_half(response) if response else None
    except (msgspec.MsgspecError, UnicodeDecodeError, binascii.Error) as error:
        raise _refuse("a buffered trace of Envoy", error) from error
    headers, body = asked
    answer = None
    if answered is not None and response is not None:
        is_whole = not (response.body and response.body.truncated)
        status = answered[0].get(":status", "")
        answer = Answer(
            int(status) if status.isdecimal() else 0, answered[0], answered[1], is_whole, now_ms
        )
    return Exchange(
        source=ENVOY,
        # A trace names no time: calls of equal content are told apart by Envoy's request id.
        id=compute_content_id(text),
        time_ms=now_ms,
        method=headers.get(":method", "").upper(),
        target=headers.get(":path", ""),
        client=headers.get("x-forwarded-for", "").partition(",")[0].strip(),
        headers={"host": headers.get(":authority", ""), **headers},
        body=body,
        answer=answer,
    )


def _read_half(half: _Half) -> tuple[dict[str, str], bytes]:
    headers = _join(half.headers)
    body = half.body or _Body()
    if body.as_bytes:
        return headers, base64.b64decode(body.as_bytes, validate=True)
    return headers, body.as_string.encode()


def _join(headers: Sequence[_Header]) -> dict[str, str]:
    return {header.key.lower(): header.value for header in headers}


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _refuse(what: str, error: Exception) -> ObservationMalformed:
    return ObservationMalformed(f"this is not {what}", actual=str(error)[:120])
