"""Requests of spans, in both encodings of OTLP, out of one description."""

import json
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

TRACE = "5b8efff798038103d269b633813fc60c"
START_NS = 1_790_000_000_000_000_000
END_NS = START_NS + 2_500_000_000
CHAT = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-4o",
    "gen_ai.response.model": "gpt-4o-2024-08-06",
    "gen_ai.usage.input_tokens": 1_000,
    "gen_ai.usage.output_tokens": 200,
    "gen_ai.usage.cache_read.input_tokens": 600,
    "gen_ai.usage.reasoning.output_tokens": 50,
}


def build_span(
    attributes: dict[str, Any], *, number: int = 1, kind: int = 3, **more: object
) -> dict[str, Any]:
    return {
        "traceId": TRACE,
        "spanId": f"{number:016x}",
        "name": "chat gpt-4o",
        "kind": kind,
        "startTimeUnixNano": str(START_NS),
        "endTimeUnixNano": str(END_NS),
        "attributes": attributes,
        **more,
    }


def encode_json(*spans: dict[str, Any], resource: dict[str, Any] | None = None) -> bytes:
    encoded = [{**span, "attributes": _list_json(span["attributes"])} for span in spans]
    group = {
        "resource": {"attributes": _list_json({"service.name": "app", **(resource or {})})},
        "scopeSpans": [{"scope": {"name": "test"}, "spans": encoded}],
    }
    return json.dumps({"resourceSpans": [group]}).encode()


def encode_protobuf(*spans: dict[str, Any], resource: dict[str, Any] | None = None) -> bytes:
    request = ExportTraceServiceRequest()
    group = request.resource_spans.add()
    group.resource.attributes.extend(_list_protobuf({"service.name": "app", **(resource or {})}))
    scope = group.scope_spans.add()
    for span in spans:
        added = scope.spans.add(
            trace_id=bytes.fromhex(span["traceId"]),
            span_id=bytes.fromhex(span["spanId"]),
            name=span["name"],
            kind=span["kind"],
            start_time_unix_nano=int(span["startTimeUnixNano"]),
            end_time_unix_nano=int(span["endTimeUnixNano"]),
        )
        added.status.code = span.get("status", {}).get("code", 0)
        added.attributes.extend(_list_protobuf(span["attributes"]))
    return request.SerializeToString()


def _list_json(attributes: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": _json_value(value)} for key, value in attributes.items()]


def _json_value(value: object) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, list):
        return {"arrayValue": {"values": [_json_value(each) for each in value]}}
    return {"stringValue": value}


def _list_protobuf(attributes: dict[str, Any]) -> list[KeyValue]:
    return [KeyValue(key=key, value=_protobuf_value(value)) for key, value in attributes.items()]


def _protobuf_value(value: object) -> AnyValue:
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, int):
        return AnyValue(int_value=value)
    if isinstance(value, float):
        return AnyValue(double_value=value)
    if isinstance(value, list):
        found = AnyValue()
        found.array_value.values.extend(map(_protobuf_value, value))
        return found
    return AnyValue(string_value=str(value))
