"""Whatever a provider or a caller sends, readers never raise and calls are refused by name."""

import json
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tallystick.meter.parse.counts import MAX_COUNT
from tallystick.meter.parse.dialects import Dialect, Route
from tallystick.meter.parse.errors import RequestMalformed, UsageMalformed
from tallystick.meter.parse.reading import MAX_RAW_BYTES
from tallystick.meter.parse.routes import DIALECTS

FEW = settings(max_examples=40)
"""Per dialect; ten of them share most of the code."""

TYPES = [
    "",
    "application/json",
    "text/event-stream",
    "application/x-ndjson",
    "application/vnd.amazon.eventstream",
]
NAMES = [dialect.name for dialect in DIALECTS]
FIELDS = [
    "usage", "usageMetadata", "prompt_tokens", "completion_tokens", "total_tokens", "type",
    "prompt_tokens_details", "cached_tokens", "input_tokens", "output_tokens", "response",
    "input_tokens_details", "output_tokens_details", "reasoning_tokens", "message", "choices",
    "cache_creation", "cache_read_input_tokens", "cache_creation_input_tokens", "service_tier",
    "promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount", "totalTokenCount", "model",
    "candidates", "promptFeedback", "finishReason", "inputTokens", "outputTokens", "serviceTier",
    "done", "eval_count", "prompt_eval_count", "done_reason", "speed",
]  # fmt: skip
CALL_FIELDS = [
    "model", "stream", "stream_options", "include_usage", "max_tokens", "n", "best_of", "tools",
    "max_completion_tokens", "max_output_tokens", "messages", "content", "type", "user", "input",
    "prompt", "metadata", "user_id", "system", "options", "num_predict", "images", "contents",
    "parts", "generationConfig", "candidateCount", "maxOutputTokens", "inferenceConfig",
    "maxTokens", "background", "requests", "systemInstruction", "toolResult", "text", "output",
]  # fmt: skip


def trees(names: list[str]) -> st.SearchStrategy[Any]:
    leaves = (
        st.none()
        | st.booleans()
        | st.integers(-(2**70), 2**70)
        | st.integers(0, 50)
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.sampled_from(
            ["message_start", "message_delta", "message_stop", "text", "flex", "\ud83d"]
        )
        | st.text(max_size=4)
    )
    return st.recursive(
        leaves,
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(names), inner, max_size=6)
        ),
        max_leaves=8,
    )


documents = st.dictionaries(st.sampled_from(FIELDS), trees(FIELDS), max_size=8).map(
    lambda tree: json.dumps(tree).encode()
)
bodies = st.one_of(
    st.binary(max_size=200),
    documents,
    st.lists(documents.map(lambda document: b"data: " + document + b"\n\n")).map(b"".join),
    st.lists(documents.map(lambda document: document + b"\n")).map(b"".join),
)


@pytest.mark.parametrize("dialect", DIALECTS, ids=NAMES)
@FEW
@given(body=bodies, media=st.sampled_from(TYPES), size=st.integers(1, 90))
def test_reader_never_raises(dialect: Dialect, body: bytes, media: str, size: int) -> None:
    reader = dialect.create_reader(None, media)
    for start in range(0, len(body), size):
        reader.feed(body[start : start + size])
    reader.flush()
    reading = reader.finish()
    assert (reading is None) == (reader.problem != "")
    assert len(reader.raw) <= MAX_RAW_BYTES
    if reading is not None:
        assert min(reading.in_fresh, reading.in_cached, reading.in_written) >= 0
        assert min(reading.out_visible, reading.out_reasoning) >= 0
        assert reading.in_total + reading.out_total <= 8 * MAX_COUNT


@pytest.mark.parametrize("dialect", DIALECTS, ids=NAMES)
@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"usage":' + b"[" * 50_000,
        b'data: {"usage":{"a":' + b'{"a":' * 4_000 + b"\n\n",
        b'{"usage":' + b'{"a":' * 2_000 + b"1" + b"}" * 2_000 + b"}",
        b'data: {"message":{"usage":' + b'{"a":' * 900 + b"1" + b"}" * 900 + b"}}\n\n",
        b'{"usage":{"prompt_tokens":' + b"9" * 5_000 + b"}}",
        b"\xff\xfe\x00",
        b"",
    ],
)
@pytest.mark.parametrize("media", TYPES)
def test_reader_never_raises_when_the_body_is_hostile(
    dialect: Dialect, body: bytes, media: str
) -> None:
    reader = dialect.create_reader(None, media)
    for _ in range(3):
        reader.feed(body)
    reader.flush()
    assert reader.finish() is None


@pytest.fixture
def deep_recursion() -> Iterator[None]:
    """What libraries of the chain do when they are imported."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(100_000)
    yield
    sys.setrecursionlimit(limit)


DEEP = b'{"a":' * 6_000 + b"1" + b"}" * 6_000
"""Deeper than anybody means, and not so deep that decoding it ends the process."""


@pytest.mark.usefixtures("deep_recursion")
def test_nesting_is_bounded_when_a_library_lifted_the_bound() -> None:
    dialect = DIALECTS[0]
    reader = dialect.create_reader(None, "application/json")
    reader.feed(b'{"usage":' + DEEP + b"}")
    assert reader.finish() is None
    sys.setrecursionlimit(100_000)
    body = b'{"model":"m","messages":' + DEEP + b"}"
    with pytest.raises(RequestMalformed):
        dialect.read_request(Route(dialect, "/v1/x", None, None), body, injects_usage=True)


@pytest.mark.parametrize("dialect", DIALECTS, ids=NAMES)
@FEW
@given(tree=st.dictionaries(st.sampled_from(CALL_FIELDS), trees(CALL_FIELDS), max_size=8))
def test_call_is_read_or_refused_by_name(dialect: Dialect, tree: dict[str, Any]) -> None:
    route = Route(dialect, "/v1/x", "m", None)
    body = json.dumps(tree).encode()
    with suppress(RequestMalformed):
        request = dialect.read_request(route, body, injects_usage=True, upstream_model="up")
        assert request.choices >= 1
        assert isinstance(json.loads(request.body), dict)


@pytest.mark.parametrize("dialect", DIALECTS, ids=NAMES)
@FEW
@given(body=st.binary(max_size=100))
def test_call_of_arbitrary_bytes_is_refused(dialect: Dialect, body: bytes) -> None:
    with pytest.raises(RequestMalformed):
        dialect.read_request(Route(dialect, "/v1/x", "", None), body, injects_usage=True)


@pytest.mark.parametrize("dialect", DIALECTS, ids=NAMES)
@FEW
@given(usage=st.dictionaries(st.sampled_from(FIELDS), trees(FIELDS), max_size=8))
def test_usage_document_is_read_or_refused(dialect: Dialect, usage: dict[str, Any]) -> None:
    with suppress(UsageMalformed):
        reading = dialect.read_usage(usage)
        assert reading.in_total + reading.out_total >= 0
