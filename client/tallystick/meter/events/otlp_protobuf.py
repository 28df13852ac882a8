"""OTLP in its binary encoding."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess,
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1 import trace_pb2

from tallystick.meter.events.errors import EventMalformed
from tallystick.meter.events.spans import ERROR, Span, Value

CONTENT_TYPE: Final = "application/x-protobuf"
INVALID_ARGUMENT: Final = 3
UNAVAILABLE: Final = 14
"""Codes of google.rpc.Status."""

_SEVEN_BITS: Final = 0x7F
_SCALARS: Final = {"string_value", "bool_value", "int_value", "double_value"}


def read_protobuf_spans(body: bytes) -> list[Span]:
    """The spans of an ExportTraceServiceRequest.

    Raises:
        EventMalformed: the bytes are none.
    """
    try:
        request = ExportTraceServiceRequest.FromString(body)
    except DecodeError as error:
        raise EventMalformed(
            "the body", expected="an ExportTraceServiceRequest", actual=str(error)
        ) from error
    return list(_list_spans(request))


def encode_protobuf_answer(rejected: int, message: str) -> bytes:
    """An ExportTraceServiceResponse; its partial success is set only where there is one.

    Args:
        rejected: spans that were not taken.
        message: why, or what else the sender should know; empty = nothing.
    """
    if not rejected and not message:
        return ExportTraceServiceResponse().SerializeToString()
    partial = ExportTracePartialSuccess(rejected_spans=rejected, error_message=message)
    return ExportTraceServiceResponse(partial_success=partial).SerializeToString()


def encode_protobuf_status(code: int, message: str) -> bytes:
    """A google.rpc.Status, which is what OTLP answers errors with.

    Its two fields are written here: code, a varint of field 1, and message, text of field 2.
    """
    text = message.encode()
    return bytes([0x08, code, 0x12, *_encode_varint(len(text))]) + text


def _encode_varint(number: int) -> Iterator[int]:
    while number > _SEVEN_BITS:
        yield number & _SEVEN_BITS | 0x80
        number >>= 7
    yield number


def _list_spans(request: ExportTraceServiceRequest) -> Iterator[Span]:
    for group in request.resource_spans:
        resource = _read_attributes(group.resource.attributes)
        for scope in group.scope_spans:
            for span in scope.spans:
                yield _read_span(span, resource)


def _read_span(span: trace_pb2.Span, resource: dict[str, Value]) -> Span:
    return Span(
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        kind=span.kind,
        start_ns=span.start_time_unix_nano,
        end_ns=span.end_time_unix_nano,
        is_error=span.status.code == ERROR,
        attributes=_read_attributes(span.attributes),
        resource=resource,
    )


def _read_attributes(attributes: Iterable[KeyValue]) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for attribute in attributes:
        kind = attribute.value.WhichOneof("value")
        if kind in _SCALARS:
            found[attribute.key] = getattr(attribute.value, kind)
    return found
