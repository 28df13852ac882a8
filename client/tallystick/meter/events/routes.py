"""The intakes over HTTP: OTLP traces, CloudEvents, LiteLLM logs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec
import structlog
from aiohttp import web

from tallystick.core.errors import InvalidInput, TallystickError
from tallystick.meter.events import otlp_json, otlp_protobuf
from tallystick.meter.events.book import EventBook
from tallystick.meter.events.cloudevents import BATCH, ONE, read_cloudevents
from tallystick.meter.events.errors import EventTypeUnsupported
from tallystick.meter.events.intake import MAX_BODY_BYTES, MAX_LOG_BYTES, Intake
from tallystick.meter.events.litellm import read_litellm_logs
from tallystick.meter.events.otlp import SpanUse, read_span_use
from tallystick.meter.events.ports import EventKeys
from tallystick.meter.events.spans import Span

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

OTLP_PATH: Final = "/v1/traces"
CLOUDEVENTS_PATH: Final = "/api/v1/events"
LITELLM_PATH: Final = "/litellm/logs"

JSON: Final = "application/json"
UNAVAILABLE: Final = 503
"""Of everything that may work later: senders repeat this status, and few others."""
RETRY_AFTER_S: Final = 2

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class OtlpEncoding:
    """How one encoding of OTLP is read and answered."""

    content_type: str
    read_spans: Callable[[bytes], list[Span]]
    encode_answer: Callable[[int, str], bytes]
    encode_status: Callable[[int, str], bytes]


PROTOBUF_ENCODING: Final = OtlpEncoding(
    otlp_protobuf.CONTENT_TYPE,
    otlp_protobuf.read_protobuf_spans,
    otlp_protobuf.encode_protobuf_answer,
    otlp_protobuf.encode_protobuf_status,
)
JSON_ENCODING: Final = OtlpEncoding(
    JSON,
    otlp_json.read_json_spans,
    otlp_json.encode_json_answer,
    otlp_json.encode_json_status,
)
OTLP_ENCODINGS: Final = {
    encoding.content_type: encoding for encoding in (PROTOBUF_ENCODING, JSON_ENCODING)
}


def create_event_routes(book: EventBook, keys: EventKeys) -> Mapping[str, Handler]:
    """Handlers by path: POST /v1/traces, /api/v1/events and /litellm/logs.

    Args:
        book: where events are recorded.
        keys: what requests must show, as calls do.
    """
    intake = Intake(book, keys)

    async def take_traces(request: web.BaseRequest) -> web.StreamResponse:
        encoding = OTLP_ENCODINGS.get(request.content_type, JSON_ENCODING)
        try:
            return await _take_traces(intake, request, encoding)
        except TallystickError as error:
            code = _GRPC_INVALID if isinstance(error, InvalidInput) else _GRPC_UNAVAILABLE
            return _refuse(error, encoding.encode_status(code, str(error)), encoding.content_type)

    async def take_cloudevents(request: web.BaseRequest) -> web.StreamResponse:
        try:
            return await _take_cloudevents(intake, request)
        except TallystickError as error:
            return _refuse(error, msgspec.json.encode(error.as_dict()), JSON)

    async def take_litellm(request: web.BaseRequest) -> web.StreamResponse:
        try:
            return await _take_litellm(intake, request)
        except TallystickError as error:
            return _refuse(error, msgspec.json.encode(error.as_dict()), JSON)

    return {
        OTLP_PATH: take_traces,
        CLOUDEVENTS_PATH: take_cloudevents,
        LITELLM_PATH: take_litellm,
    }


async def _take_traces(
    intake: Intake, request: web.BaseRequest, encoding: OtlpEncoding
) -> web.Response:
    key, body = await intake.read(request, MAX_BODY_BYTES)
    if request.content_type not in OTLP_ENCODINGS:
        raise _unsupported(request, *OTLP_ENCODINGS)
    now_ms = intake.book.clock()
    use = await asyncio.to_thread(lambda: read_span_use(encoding.read_spans(body), now_ms))
    taken = await intake.take_good(use.events, key, use.problems)
    message = ". ".join(filter(None, [taken.describe_problems(), _warn_of_unread(use)]))
    answer = encoding.encode_answer(len(taken.problems), message)
    return web.Response(body=answer, content_type=encoding.content_type)


async def _take_cloudevents(intake: Intake, request: web.BaseRequest) -> web.Response:
    key, body = await intake.read(request, MAX_BODY_BYTES)
    if request.content_type not in (ONE, BATCH):
        raise _unsupported(request, ONE, BATCH)
    now_ms = intake.book.clock()
    events = await asyncio.to_thread(read_cloudevents, body, request.content_type, now_ms)
    await intake.take_all(events, key)
    return web.Response(status=204)


async def _take_litellm(intake: Intake, request: web.BaseRequest) -> web.Response:
    key, body = await intake.read(request, MAX_LOG_BYTES)
    use = await asyncio.to_thread(read_litellm_logs, body, intake.book.clock())
    taken = await intake.take_good(use.events, key, use.problems)
    answer = {
        "recorded": taken.entered.recorded,
        "repeated": taken.entered.repeated,
        "held": taken.entered.held,
        "ignored": use.ignored,
        "refused": len(taken.problems),
        "problems": taken.describe_problems(),
    }
    return web.Response(body=msgspec.json.encode(answer), content_type=JSON)


def _warn_of_unread(use: SpanUse) -> str:
    """What the sender counts and nobody bills: pointed out rather than passed over."""
    return f"usage attributes not known here: {', '.join(use.unread[:8])}" if use.unread else ""


def _unsupported(request: web.BaseRequest, *known: str) -> EventTypeUnsupported:
    return EventTypeUnsupported(
        "the body's type is not taken here",
        expected=" or ".join(known),
        actual=request.content_type[:80],
    )


def _refuse(error: TallystickError, body: bytes, content_type: str) -> web.Response:
    """The error as an answer: 4xx for what stays wrong, 503 for what may work later."""
    is_invalid = isinstance(error, InvalidInput)
    status = error.http_status if is_invalid else UNAVAILABLE
    headers = {} if is_invalid else {"Retry-After": str(RETRY_AFTER_S)}
    _log.warning("events_refused", code=error.code, status=status)
    return web.Response(status=status, body=body, content_type=content_type, headers=headers)


_GRPC_INVALID: Final = otlp_protobuf.INVALID_ARGUMENT
_GRPC_UNAVAILABLE: Final = otlp_protobuf.UNAVAILABLE
