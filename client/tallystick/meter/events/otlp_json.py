"""OTLP in its JSON encoding: protobuf's, but for ids in hex and enums as numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from tallystick.meter.events.errors import EventMalformed
from tallystick.meter.events.spans import ERROR, Span, Value
from tallystick.meter.nesting import bound_nesting

CONTENT_TYPE: Final = "application/json"
MAX_UINT64: Final = 2**64 - 1

Integer = int | str
"""64 bits are written as text in protobuf's JSON; numbers are seen all the same."""

_KINDS: Final = {
    "SPAN_KIND_UNSPECIFIED": 0,
    "SPAN_KIND_INTERNAL": 1,
    "SPAN_KIND_SERVER": 2,
    "SPAN_KIND_CLIENT": 3,
    "SPAN_KIND_PRODUCER": 4,
    "SPAN_KIND_CONSUMER": 5,
}
_STATUSES: Final = {"STATUS_CODE_UNSET": 0, "STATUS_CODE_OK": 1, "STATUS_CODE_ERROR": ERROR}


class _AnyValue(msgspec.Struct, rename="camel"):
    string_value: str | None = None
    bool_value: bool | None = None
    int_value: Integer | None = None
    double_value: float | str | None = None


class _KeyValue(msgspec.Struct):
    key: str = ""
    value: _AnyValue | None = None


class _Status(msgspec.Struct):
    code: Integer = 0


class _Span(msgspec.Struct, rename="camel"):
    trace_id: str = ""
    span_id: str = ""
    kind: Integer = 0
    start_time_unix_nano: Integer = 0
    end_time_unix_nano: Integer = 0
    attributes: list[_KeyValue] | None = None
    status: _Status | None = None


class _ScopeSpans(msgspec.Struct):
    spans: list[_Span] | None = None


class _Resource(msgspec.Struct):
    attributes: list[_KeyValue] | None = None


class _ResourceSpans(msgspec.Struct, rename="camel"):
    resource: _Resource | None = None
    scope_spans: list[_ScopeSpans] | None = None


class _Request(msgspec.Struct, rename="camel"):
    resource_spans: list[_ResourceSpans] | None = None


_decoder: Final = msgspec.json.Decoder(_Request)


def read_json_spans(body: bytes) -> list[Span]:
    """The spans of an ExportTraceServiceRequest in JSON.

    Raises:
        EventMalformed: it is none.
    """
    bound_nesting()
    try:
        return list(_list_spans(_decoder.decode(body)))
    except (ValueError, RecursionError) as error:  # msgspec's errors are ValueErrors
        raise EventMalformed(
            "the body", expected="an ExportTraceServiceRequest in JSON", actual=str(error)
        ) from error


def encode_json_answer(rejected: int, message: str) -> bytes:
    """An ExportTraceServiceResponse in JSON; see `encode_protobuf_answer`."""
    if not rejected and not message:
        return b"{}"
    partial = {"rejectedSpans": str(rejected), "errorMessage": message}
    return msgspec.json.encode({"partialSuccess": partial})


def encode_json_status(code: int, message: str) -> bytes:
    """A google.rpc.Status in JSON."""
    return msgspec.json.encode({"code": code, "message": message})


def _list_spans(request: _Request) -> Iterator[Span]:
    for group in request.resource_spans or ():
        resource = _read_attributes((group.resource or _Resource()).attributes or ())
        for scope in group.scope_spans or ():
            for span in scope.spans or ():
                yield Span(
                    trace_id=span.trace_id.lower(),
                    span_id=span.span_id.lower(),
                    kind=_read_enum(span.kind, _KINDS),
                    start_ns=_read_integer(span.start_time_unix_nano),
                    end_ns=_read_integer(span.end_time_unix_nano),
                    is_error=_read_enum((span.status or _Status()).code, _STATUSES) == ERROR,
                    attributes=_read_attributes(span.attributes or ()),
                    resource=resource,
                )


def _read_attributes(attributes: Iterable[_KeyValue]) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for attribute in attributes:
        value = _read_value(attribute.value or _AnyValue())
        if value is not None:
            found[attribute.key] = value
    return found


def _read_value(value: _AnyValue) -> Value | None:
    if value.int_value is not None:
        return _read_signed(value.int_value)
    if value.double_value is not None:
        return float(value.double_value)
    return value.bool_value if value.bool_value is not None else value.string_value


def _read_signed(value: Integer) -> int:
    if isinstance(value, str) and len(value) > len(str(MAX_UINT64)):
        raise ValueError(f"an integer of {len(value)} digits")
    return int(value)


def _read_integer(value: Integer) -> int:
    number = _read_signed(value)
    if not 0 <= number <= MAX_UINT64:
        raise ValueError(f"{number} is no time")
    return number


def _read_enum(value: Integer, names: dict[str, int]) -> int:
    return names[value] if isinstance(value, str) and value in names else _read_signed(value)
