"""OpenAI's responses.

Source: openai package, types/responses: response.py, response_usage.py, response_create_params.py
and the stream events response.completed, response.incomplete and response.failed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from tallystick.meter.parse.answers.formats import AnswerFormat, Found
from tallystick.meter.parse.answers.texts import has_member
from tallystick.meter.parse.calls.content import has_only_own_tools, has_only_parts
from tallystick.meter.parse.calls.fields import (
    BodyDecoder,
    read_limit,
    read_model,
    read_switch,
    read_user,
)
from tallystick.meter.parse.calls.prepare import name_upstream_model
from tallystick.meter.parse.dialects import CallRequest, Route
from tallystick.meter.parse.errors import RequestMalformed
from tallystick.meter.parse.framing.framings import choose_sse
from tallystick.meter.parse.json_parts import decode_part, keep_raw, read_name, read_tier
from tallystick.meter.parse.providers.openai_chat import DONE
from tallystick.meter.parse.providers.openai_usage import RESPONSES, read_openai_usage
from tallystick.meter.parse.providers.refusals import refuse_openai
from tallystick.meter.parse.reading import Reading
from tallystick.meter.parse.wire import WireDialect

_ENDS: Final = frozenset({"response.completed", "response.incomplete", "response.failed"})
_TEXT_PARTS: Final = frozenset({"input_text", "output_text", "refusal", "text", "summary_text"})
_TEXT_ITEMS: Final = frozenset(
    {
        "message",
        "function_call",
        "function_call_output",
        "custom_tool_call",
        "custom_tool_call_output",
        "reasoning",
    }
)
_OWN_TOOLS: Final = frozenset({"function", "custom"})


class ResponseBody(msgspec.Struct):
    """What bounds a response."""

    model: Any = None
    input: Any = None
    stream: Any = None
    background: Any = None
    max_output_tokens: Any = None
    previous_response_id: Any = None
    conversation: Any = None
    prompt: Any = None
    tools: Any = None
    user: Any = None
    safety_identifier: Any = None


class ResponsePart(msgspec.Struct):
    """What a response says about its use."""

    model: Any = None
    service_tier: Any = None
    usage: msgspec.Raw = msgspec.Raw()


class ResponseAnswer(msgspec.Struct):
    """A response, or an event that may hold one."""

    type: Any = None
    model: Any = None
    service_tier: Any = None
    usage: msgspec.Raw = msgspec.Raw()
    response: ResponsePart | None = None


_BODY: Final = BodyDecoder(ResponseBody, "model", "stream", "background", "max_output_tokens")
_ANSWER: Final = msgspec.json.Decoder(ResponseAnswer)


def parse_response(
    route: Route,  # noqa: ARG001 - every parser is given it
    body: bytes,
    *,
    injects_usage: bool,  # noqa: ARG001 - responses always report it
    upstream_model: str | None,
) -> CallRequest:
    """The response asked for in this body.

    Raises:
        RequestMalformed: it is none, could be read two ways, or would run in the background, where
            nobody sees what it uses.
    """
    fields: ResponseBody = _BODY.decode(body)
    model = read_model(fields.model)
    if read_switch(fields.background, "background"):
        raise RequestMalformed("background", expected="a call that answers itself", actual="true")
    return CallRequest(
        model=model,
        is_stream=read_switch(fields.stream, "stream"),
        body=name_upstream_model(body, model, upstream_model),
        hides_usage=False,
        max_output_tokens=read_limit(fields.max_output_tokens, "max_output_tokens"),
        choices=1,
        input_bytes=len(body),
        has_opaque_input=_has_opaque_input(fields),
        user=read_user(fields.safety_identifier) or read_user(fields.user),
    )


def find_in_response(document: bytes) -> Found | None:
    """What a response, or the data of one event of a stream, says about its use."""
    answer = decode_part(_ANSWER, document)
    if answer is None:
        return Found() if document.strip() == DONE else None
    part = answer.response or answer
    return Found(
        usage=keep_raw(part.usage),
        model=read_name(part.model),
        tier=read_tier(part.service_tier),
        is_end=isinstance(answer.type, str) and answer.type in _ENDS,
    )


def _is_wanted(data: bytes) -> bool:
    return has_member(data, b'"usage"', b"{") or has_member(data, b'"response"', b"{")


def _read_usage(usage: Mapping[str, object]) -> Reading:
    return read_openai_usage(usage, RESPONSES)


def _has_opaque_input(fields: ResponseBody) -> bool:
    is_stored = any(
        value is not None
        for value in (fields.previous_response_id, fields.conversation, fields.prompt)
    )
    return (
        is_stored or not has_only_own_tools(fields.tools, _OWN_TOOLS) or not _is_text(fields.input)
    )


def _is_text(value: object) -> bool:
    if isinstance(value, list):
        return all(_is_text_item(item) for item in value)
    return isinstance(value, str)


def _is_text_item(item: object) -> bool:
    if not isinstance(item, dict):
        return False
    content = item.get("output", item.get("content"))
    is_text = content is None or isinstance(content, str) or has_only_parts(content, _TEXT_PARTS)
    kind = item.get("type", "message")
    return is_text and isinstance(kind, str) and kind in _TEXT_ITEMS


RESPONSES_FORMAT: Final = AnswerFormat(
    is_wanted=_is_wanted,
    find=find_in_response,
    read_usage=_read_usage,
    text_keys=(b'delta":',),
    document_keys=(b'text":', b'arguments":'),
)
OPENAI_RESPONSES: Final = WireDialect(
    "openai-responses", parse_response, RESPONSES_FORMAT, choose_sse, refuse_openai
)
