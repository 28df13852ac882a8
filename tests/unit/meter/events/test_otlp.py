"""GenAI spans become use once, whatever version of the conventions wrote them."""

import base64
import json
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from tests.unit.meter.events.spans import (
    CHAT,
    END_NS,
    TRACE,
    build_span,
    encode_json,
    encode_protobuf,
)

from tallystick.core.usage import Flag
from tallystick.meter.events.errors import EventMalformed
from tallystick.meter.events.otlp import SpanUse, read_span_use
from tallystick.meter.events.otlp_json import encode_json_answer, read_json_spans
from tallystick.meter.events.otlp_protobuf import (
    INVALID_ARGUMENT,
    encode_protobuf_answer,
    encode_protobuf_status,
    read_protobuf_spans,
)

NOW_MS = 1_790_000_100_000


def read(*spans: dict[str, Any], resource: dict[str, Any] | None = None) -> SpanUse:
    """Both encodings say the same."""
    use = read_span_use(read_json_spans(encode_json(*spans, resource=resource)), NOW_MS)
    encoded = encode_protobuf(*spans, resource=resource)
    assert read_span_use(read_protobuf_spans(encoded), NOW_MS) == use
    return use


def test_span_is_one_event_with_disjoint_counts() -> None:
    use = read(build_span(CHAT))
    (event,) = use.events
    assert (use.problems, use.unread) == ([], [])
    assert (event.source, event.id) == ("otlp", f"{TRACE}:0000000000000001")
    assert event.models == ("gpt-4o-2024-08-06", "gpt-4o")
    assert (event.time_ms, event.duration_ms) == (END_NS // 1_000_000, 2_500)
    assert event.flags == Flag(0)
    assert dict(event.quantities) == {
        "in_fresh": 400,
        "in_cached": 600,
        "in_written": 0,
        "out_visible": 150,
        "out_reasoning": 50,
    }
    assert json.loads(event.raw)["gen_ai.usage.cache_read.input_tokens"] == 600


def test_input_tokens_are_never_counted_beside_the_cached_ones() -> None:
    """They include what was cached; adding both doubles the bill."""
    written = {**CHAT, "gen_ai.usage.cache_creation.input_tokens": 300}
    (event,) = read(build_span(written)).events
    assert sum(event.quantities.values()) == 1_200


def test_cache_beyond_the_input_is_kept_and_flagged() -> None:
    contradiction = {**CHAT, "gen_ai.usage.cache_read.input_tokens": 5_000}
    (event,) = read(build_span(contradiction)).events
    assert (event.quantities["in_fresh"], event.quantities["in_cached"]) == (1_000, 5_000)
    assert event.flags & Flag.USAGE_MISMATCH


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        (
            {
                "gen_ai.system": "openai",
                "gen_ai.usage.prompt_tokens": 12,
                "gen_ai.usage.completion_tokens": 3,
            },
            (12, 0, 0, 3, 0),
        ),
        (
            {
                "gen_ai.usage.input_tokens": 12,
                "gen_ai.usage.cache_read_input_tokens": 5,
                "gen_ai.usage.cache_write.input_tokens": 4,
                "gen_ai.usage.output_tokens": 9,
                "gen_ai.usage.reasoning_tokens": 2,
            },
            (3, 5, 4, 7, 2),
        ),
        (
            {
                "gen_ai.usage.input_tokens": 12,
                "gen_ai.usage.prompt_tokens": 99,
                "gen_ai.usage.output_tokens": 0,
            },
            (12, 0, 0, 0, 0),
        ),
        ({"gen_ai.operation.name": "embeddings", "gen_ai.usage.input_tokens": 8}, (8, 0, 0, 0, 0)),
    ],
)
def test_older_names_are_read(attributes: dict[str, Any], expected: tuple[int, ...]) -> None:
    (event,) = read(build_span({"gen_ai.request.model": "m", **attributes})).events
    assert tuple(event.quantities.values()) == expected
    assert event.models == ("m",)


def test_missing_reasoning_is_flagged_and_reported_zero_is_not() -> None:
    silent = {key: value for key, value in CHAT.items() if "reasoning" not in key}
    said = {**CHAT, "gen_ai.usage.reasoning.output_tokens": 0}
    events = read(build_span(silent, number=1), build_span(said, number=2)).events
    assert [event.flags for event in events] == [Flag.REASONING_NOT_REPORTED, Flag(0)]


@pytest.mark.parametrize(
    "span",
    [
        build_span(CHAT, kind=1),
        build_span(CHAT, kind=2),
        build_span({**CHAT, "gen_ai.operation.name": "invoke_agent"}),
        build_span({**CHAT, "gen_ai.operation.name": "execute_tool"}),
        build_span({"http.request.method": "POST"}),
        build_span({"gen_ai.request.model": "gpt-4o", "gen_ai.operation.name": "chat"}),
    ],
)
def test_span_is_passed_over_when_it_is_no_call_with_usage(span: dict[str, Any]) -> None:
    assert read(span) == SpanUse([], [], [])


def test_what_to_bill_is_read_from_span_or_program() -> None:
    own = {**CHAT, "tallystick.step": 7, "user.id": "ada"}
    (event,) = read(build_span(own), resource={"tallystick.project": "acme/ml/app"}).events
    assert (event.project, event.step, event.user) == ("acme/ml/app", 7, "ada")
    named = {**CHAT, "tallystick.resource": "gpt-4o@batch"}
    assert read(build_span(named)).events[0].models == ("gpt-4o@batch",)
    tiered = {**CHAT, "openai.response.service_tier": "flex"}
    assert read(build_span(tiered)).events[0].tier == "flex"
    standard = {**CHAT, "openai.response.service_tier": "default"}
    assert read(build_span(standard)).events[0].tier == ""


def test_failed_span_with_usage_is_billed_and_flagged() -> None:
    (event,) = read(build_span(CHAT, status={"code": 2})).events
    assert event.flags & Flag.UPSTREAM_FAILED


@pytest.mark.parametrize(
    "change",
    [
        {"gen_ai.usage.input_tokens": -1},
        {"gen_ai.usage.input_tokens": 2**60},
        {"gen_ai.usage.output_tokens": 1.5},
        {"gen_ai.usage.output_tokens": True},
        {"gen_ai.usage.output_tokens": "12"},
        {"gen_ai.usage.cache_read.input_tokens": -5},
        {"gen_ai.request.model": "", "gen_ai.response.model": ""},
        {"tallystick.step": 65_536},
    ],
)
def test_malformed_span_is_told_and_the_others_are_read(change: dict[str, Any]) -> None:
    use = read(build_span({**CHAT, **change}, number=1), build_span(CHAT, number=2))
    assert [event.id[-1] for event in use.events] == ["2"]
    assert len(use.problems) == 1


def test_whole_double_is_a_count() -> None:
    (event,) = read(build_span({**CHAT, "gen_ai.usage.output_tokens": 200.0})).events
    assert event.quantities["out_visible"] == 150


def test_unknown_usage_attribute_is_pointed_out() -> None:
    more = {
        **CHAT,
        "gen_ai.usage.input_audio_tokens": 30,
        "gen_ai.usage.image_tokens": 0,
        "gen_ai.usage.note": "x",
    }
    assert read(build_span(more)).unread == ["gen_ai.usage.input_audio_tokens"]


def test_total_that_does_not_add_up_is_flagged() -> None:
    (event,) = read(build_span({**CHAT, "gen_ai.usage.total_tokens": 1_300})).events
    assert event.flags & Flag.USAGE_MISMATCH


def test_time_is_now_when_the_span_has_none() -> None:
    (event,) = read(build_span(CHAT, startTimeUnixNano="0", endTimeUnixNano="0")).events
    assert (event.time_ms, event.duration_ms) == (NOW_MS, 0)


def test_ids_in_json_are_hex() -> None:
    """OTLP departs from protobuf's JSON, which would have base64 here."""
    span = build_span(CHAT, traceId=TRACE.upper())
    assert read_span_use(read_json_spans(encode_json(span)), NOW_MS).events[0].id.startswith(TRACE)
    wrong = build_span(CHAT, traceId=base64.b64encode(bytes.fromhex(TRACE)).decode())
    assert read_span_use(read_json_spans(encode_json(wrong)), NOW_MS).problems
    zero = build_span(CHAT, traceId="0" * 32)
    assert read_span_use(read_json_spans(encode_json(zero)), NOW_MS).problems


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"resourceSpans": 5}',
        b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"kind": "x"}]}]}]}',
        b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"startTimeUnixNano": "-1"}]}]}]}',
        b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"endTimeUnixNano": "'
        + b"9" * 5_000
        + b'"}]}]}]}',
        b'{"a":' * 100_000,
        b"\xff\xfe",
    ],
)
def test_body_is_refused_when_it_is_no_json_request(body: bytes) -> None:
    with pytest.raises(EventMalformed):
        read_json_spans(body)


@pytest.mark.parametrize("body", [b"{}", b"\x0a\xff", encode_protobuf(build_span(CHAT))[:-1]])
def test_body_is_refused_when_it_is_no_protobuf_request(body: bytes) -> None:
    with pytest.raises(EventMalformed):
        read_protobuf_spans(body)


def test_partial_success_is_set_only_where_something_was_left() -> None:
    assert encode_protobuf_answer(0, "") == b""
    assert encode_json_answer(0, "") == b"{}"
    answer = ExportTraceServiceResponse.FromString(encode_protobuf_answer(2, "why"))
    assert answer.partial_success.rejected_spans == 2
    assert json.loads(encode_json_answer(0, "note")) == {
        "partialSuccess": {"rejectedSpans": "0", "errorMessage": "note"}
    }


def test_status_is_a_google_rpc_status() -> None:
    """Field 1 is the code, field 2 the message; lengths beyond 127 take two bytes."""
    assert encode_protobuf_status(INVALID_ARGUMENT, "no") == b"\x08\x03\x12\x02no"
    assert encode_protobuf_status(INVALID_ARGUMENT, "a" * 300)[:5] == b"\x08\x03\x12\xac\x02"
