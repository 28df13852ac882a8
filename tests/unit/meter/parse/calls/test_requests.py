"""Calls are bounded by what they ask for, and refused where two servers could read them apart."""

import json
from typing import Any

import pytest

from tallystick.meter.parse.dialects import CallRequest
from tallystick.meter.parse.errors import RequestMalformed
from tallystick.meter.parse.routes import find_route

CHAT = "/v1/chat/completions"
GEMINI = "/v1beta/models/g:generateContent"
MESSAGES = [{"role": "user", "content": "What wood?"}]
IMAGE = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "http://x"}}]}]


def read(
    path: str,
    body: bytes | dict[str, Any],
    *,
    injects_usage: bool = False,
    upstream_model: str | None = None,
) -> CallRequest:
    route = find_route("POST", path)
    assert route is not None
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return route.dialect.read_request(
        route, raw, injects_usage=injects_usage, upstream_model=upstream_model
    )


def chat(**fields: object) -> dict[str, Any]:
    return {"model": "m", "messages": MESSAGES, **fields}


MALFORMED: list[tuple[str, bytes, str]] = [
    (CHAT, b"", ""),
    (CHAT, b"[]", ""),
    (CHAT, b'{"model":"m"', ""),
    (CHAT, b'{"model":"m"} trailing', ""),
    (CHAT, b'{"messages":[]}', "model"),
    (CHAT, b'{"model":null}', "model"),
    (CHAT, b'{"model":""}', "model"),
    (CHAT, b'{"model":7}', "model"),
    (CHAT, b'{"model":"' + b"m" * 257 + b'"}', "model"),
    (CHAT, b'{"model":"m","stream":"true"}', "stream"),
    (CHAT, b'{"model":"m","stream":1}', "stream"),
    (CHAT, b'{"model":"m","max_tokens":-1}', "max_tokens"),
    (CHAT, b'{"model":"m","max_tokens":"10"}', "max_tokens"),
    (CHAT, b'{"model":"m","max_tokens":true}', "max_tokens"),
    (CHAT, b'{"model":"m","max_tokens":1.5}', "max_tokens"),
    (CHAT, b'{"model":"m","max_completion_tokens":1e300}', "max_completion_tokens"),
    (CHAT, b'{"model":"m","n":"2"}', "n"),
    (CHAT, b'{"model":"m","stream":true,"stream_options":[]}', "stream_options"),
    (CHAT, b'{"model":"cheap","model":"dear"}', "model"),
    (CHAT, b'{"model":"cheap","mod\\u0065l":"dear"}', "model"),
    (CHAT, b'{"model" : "cheap", "x":{"model":1}, "model"\n:"dear"}', "model"),
    (CHAT, b'{"model":"m","max_tokens":1,"max_tokens":99}', "max_tokens"),
    (CHAT, b'{"model":"m","n":1,"n":9}', "n"),
    ("/v1/completions", b'{"model":"m","best_of":[]}', "best_of"),
    ("/v1/responses", b'{"model":"m","background":true}', "background"),
    ("/v1/responses", b'{"model":"m","max_output_tokens":-5}', "max_output_tokens"),
    ("/v1/messages", b'{"model":"m","max_tokens":"1"}', "max_tokens"),
    ("/v1/embeddings", b'{"input":"x"}', "model"),
    (GEMINI, b'{"generationConfig":{"candidateCount":-2}}', "candidateCount"),
    (GEMINI, b'{"generationConfig":{"maxOutputTokens":"9"}}', "maxOutputTokens"),
    (GEMINI, b'{"generationConfig":{},"generationConfig":{}}', "generationConfig"),
    ("/api/chat", b'{"model":"m","options":{"num_predict":"9"}}', "num_predict"),
    ("/api/chat", b'{"model":"m","options":7}', "options"),
    ("/api/chat", b'{"model":"cheap","Model":"dear"}', "Model"),
    ("/api/chat", b'{"model":"m","OPTIONS":{"num_predict":9}}', "OPTIONS"),
    ("/model/m/converse", b'{"inferenceConfig":{"maxTokens":-1}}', "maxTokens"),
]


@pytest.mark.parametrize(("path", "body", "field"), MALFORMED)
def test_call_is_refused_with_the_fields_name(path: str, body: bytes, field: str) -> None:
    with pytest.raises(RequestMalformed) as caught:
        read(path, body, injects_usage=True)
    assert caught.value.field == field
    assert caught.value.http_status == 400


def test_name_inside_another_object_is_no_repetition() -> None:
    body = b'{"metadata":{"model":"x","n":1},"model":"m","n":2,"tools":[{"model":"y"}]}'
    assert (read(CHAT, body).model, read(CHAT, body).choices) == ("m", 2)


def test_body_is_the_very_object_when_nothing_changes() -> None:
    for fields in ({}, {"stream": True}, {"stream": True, "stream_options": {"x": 1}}):
        raw = json.dumps(chat(**fields)).encode()
        assert read(CHAT, raw).body is raw
        assert read(CHAT, raw, upstream_model="m").body is raw


@pytest.mark.parametrize(
    ("fields", "limit", "choices"),
    [
        ({}, None, 1),
        ({"max_tokens": 100}, 100, 1),
        ({"max_tokens": 100.0}, 100, 1),
        ({"max_tokens": 0}, 0, 1),
        ({"max_completion_tokens": 50}, 50, 1),
        ({"max_tokens": 100, "max_completion_tokens": 50}, 100, 1),
        ({"max_tokens": 100, "n": 4}, 400, 4),
        ({"n": 4}, None, 4),
        ({"n": 0}, None, 1),
        ({"max_tokens": None, "n": None, "stream": None}, None, 1),
    ],
)
def test_chat_is_bounded_over_all_choices(
    fields: dict[str, Any], limit: int | None, choices: int
) -> None:
    request = read(CHAT, chat(**fields))
    assert (request.max_output_tokens, request.choices) == (limit, choices)
    assert not request.is_stream


@pytest.mark.parametrize(
    ("prompt", "fields", "limit"),
    [
        ("a", {}, 10),
        ([1, 2, 3], {}, 10),
        (["a", "b"], {}, 20),
        ([[1], [2], [3]], {}, 30),
        (["a", "b"], {"n": 3}, 60),
        ("a", {"n": 2, "best_of": 5}, 50),
    ],
)
def test_completion_is_bounded_over_all_prompts(
    prompt: object, fields: dict[str, Any], limit: int
) -> None:
    body = {"model": "m", "prompt": prompt, "max_tokens": 10, **fields}
    assert read("/v1/completions", body).max_output_tokens == limit


@pytest.mark.parametrize(
    ("path", "body", "limit"),
    [
        ("/v1/messages", {"model": "m", "max_tokens": 7, "messages": MESSAGES}, 7),
        ("/v1/responses", {"model": "m", "max_output_tokens": 7, "input": "x"}, 7),
        ("/v1/embeddings", {"model": "m", "input": "x"}, 0),
        (GEMINI, {"generationConfig": {"maxOutputTokens": 7, "candidateCount": 3}}, 21),
        (GEMINI, {"generation_config": {"max_output_tokens": 7, "candidate_count": 3}}, 21),
        ("/v1beta/models/g:embedContent", {"content": {"parts": [{"text": "x"}]}}, 0),
        ("/api/chat", {"model": "m", "messages": MESSAGES, "options": {"num_predict": 7}}, 7),
        ("/api/chat", {"model": "m", "messages": MESSAGES, "options": {"Num_Predict": 7}}, 7),
        ("/api/chat", {"model": "m", "messages": MESSAGES, "options": {"num_predict": -1}}, None),
        ("/api/embed", {"model": "m", "input": "x"}, 0),
        ("/model/m/converse", {"messages": [], "inferenceConfig": {"maxTokens": 7}}, 7),
    ],
)
def test_call_is_bounded_by_its_own_limit(
    path: str, body: dict[str, Any], limit: int | None
) -> None:
    assert read(path, body).max_output_tokens == limit


@pytest.mark.parametrize(
    ("path", "body", "is_stream"),
    [
        ("/api/chat", {"model": "m"}, True),
        ("/api/chat", {"model": "m", "stream": False}, False),
        ("/api/embed", {"model": "m"}, False),
        ("/v1/messages", {"model": "m", "stream": True}, True),
        ("/v1/responses", {"model": "m", "stream": True}, True),
        (GEMINI, {}, False),
        ("/v1beta/models/g:streamGenerateContent", {}, True),
        ("/model/m/converse-stream", {}, True),
    ],
)
def test_call_streams_as_its_provider_has_it(
    path: str, body: dict[str, Any], is_stream: bool
) -> None:
    assert read(path, body).is_stream is is_stream


def with_content(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"model": "m", "messages": [{"role": "user", "content": list(parts)}]}


TEXT_CALLS: list[tuple[str, dict[str, Any]]] = [
    (CHAT, chat(tools=[{"type": "function", "function": {"name": "f"}}])),
    (CHAT, with_content({"type": "text", "text": "x"})),
    (CHAT, {"model": "m", "messages": [{"role": "assistant", "content": None, "tool_calls": []}]}),
    ("/v1/completions", {"model": "m", "prompt": [1, 2]}),
    ("/v1/embeddings", {"model": "m", "input": [[1, 2], [3]]}),
    ("/v1/responses", {"model": "m", "input": "x", "tools": [{"type": "function"}]}),
    ("/v1/responses", {"model": "m", "input": [{"role": "user", "content": "x"}]}),
    ("/v1/responses", {"model": "m", "input": [{"type": "function_call_output", "output": "x"}]}),
    ("/v1/messages", {**with_content({"type": "text", "text": "x"}), "system": "s"}),
    ("/v1/messages", with_content({"type": "tool_result", "content": "x"})),
    ("/v1/messages", {**with_content(), "tools": [{"name": "f", "input_schema": {}}]}),
    (GEMINI, {"contents": [{"parts": [{"text": "x"}]}], "tools": [{"functionDeclarations": []}]}),
    (GEMINI, {"contents": {"parts": {"text": "x"}}, "systemInstruction": {"parts": []}}),
    ("/api/chat", {"model": "m", "messages": MESSAGES}),
    ("/api/generate", {"model": "m", "prompt": "x"}),
    ("/model/m/converse", {"messages": [{"content": [{"text": "x"}]}], "system": [{"text": "s"}]}),
]


@pytest.mark.parametrize(("path", "body"), TEXT_CALLS)
def test_text_is_bounded_by_its_bytes(path: str, body: dict[str, Any]) -> None:
    request = read(path, body)
    assert not request.has_opaque_input
    assert request.input_bytes >= len(json.dumps(body))


OPAQUE_CALLS: list[tuple[str, dict[str, Any]]] = [
    (CHAT, {"model": "m", "messages": IMAGE}),
    (CHAT, {"model": "m"}),
    (CHAT, chat(web_search_options={})),
    (CHAT, chat(tools=[{"type": "web_search"}])),
    (CHAT, with_content({"type": "input_audio"})),
    (CHAT, with_content({"type": ["text"]})),
    (CHAT, {"model": "m", "messages": [{"role": "assistant", "audio": {"id": "a"}}]}),
    ("/v1/embeddings", {"model": "m", "input": [{"image": "x"}]}),
    ("/v1/responses", {"model": "m", "input": "x", "previous_response_id": "resp_1"}),
    ("/v1/responses", {"model": "m", "input": "x", "conversation": "conv_1"}),
    ("/v1/responses", {"model": "m", "prompt": {"id": "p"}, "input": "x"}),
    ("/v1/responses", {"model": "m", "input": "x", "tools": [{"type": "file_search"}]}),
    ("/v1/responses", {"model": "m", "input": [{"type": "item_reference", "id": "i"}]}),
    ("/v1/responses", {"model": "m", "input": [{"content": [{"type": "input_file"}]}]}),
    ("/v1/messages", with_content({"type": "image"})),
    ("/v1/messages", with_content({"type": "document"})),
    ("/v1/messages", with_content({"type": "tool_result", "content": [{"type": "image"}]})),
    ("/v1/messages", {**with_content(), "tools": [{"type": "web_search_20250305"}]}),
    ("/v1/messages", {**with_content(), "mcp_servers": []}),
    ("/v1/messages", {**with_content(), "container": "c"}),
    (GEMINI, {"contents": [{"parts": [{"inlineData": {}}]}]}),
    (GEMINI, {"contents": [{"parts": [{"text": "x"}]}], "cachedContent": "c/1"}),
    (GEMINI, {"contents": [{"parts": [{"text": "x"}]}], "tools": [{"googleSearch": {}}]}),
    ("/api/chat", {"model": "m", "messages": [{"role": "user", "images": ["x"]}]}),
    ("/api/chat", {"model": "m", "messages": [{"role": "user", "Images": ["x"]}]}),
    ("/api/generate", {"model": "m", "prompt": "x", "images": ["x"]}),
    ("/model/m/converse", {"messages": [{"content": [{"image": {}}]}]}),
    ("/model/m/converse", {"messages": [{"content": [{"toolResult": {"content": [7]}}]}]}),
]  # fmt: skip


@pytest.mark.parametrize(("path", "body"), OPAQUE_CALLS)
def test_input_is_opaque_when_bytes_do_not_bound_it(path: str, body: dict[str, Any]) -> None:
    assert read(path, body).has_opaque_input


@pytest.mark.parametrize(
    ("path", "fields", "user"),
    [
        (CHAT, {"user": "ann"}, "ann"),
        (CHAT, {"user": "ann", "safety_identifier": "s-1"}, "s-1"),
        (CHAT, {"user": ""}, None),
        (CHAT, {"user": 7}, None),
        (CHAT, {"user": "u" * 513}, None),
        ("/v1/responses", {"user": "ann"}, "ann"),
        ("/v1/embeddings", {"user": "ann"}, "ann"),
        ("/v1/messages", {"metadata": {"user_id": "ann"}}, "ann"),
        ("/v1/messages", {"metadata": []}, None),
    ],
)
def test_user_is_the_bodys_own(path: str, fields: dict[str, Any], user: str | None) -> None:
    assert read(path, {"model": "m", **fields}).user == user


def test_tools_of_messages_bring_a_prompt_along() -> None:
    body = {**with_content(), "tools": [{"name": "f"}]}
    assert read("/v1/messages", body).input_bytes == len(json.dumps(body)) + 1024
