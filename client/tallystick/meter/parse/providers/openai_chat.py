"""OpenAI's chat completions, which vLLM and many other servers speak too.

Source: openai package, types/chat and types/completion_usage.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from tallystick.meter.parse.answers.formats import AnswerFormat, Found
from tallystick.meter.parse.answers.texts import has_member
from tallystick.meter.parse.calls.content import has_only_own_tools, has_only_parts
from tallystick.meter.parse.calls.fields import (
    BodyDecoder,
    multiply_limit,
    read_choices,
    read_limit,
    read_model,
    read_switch,
    read_user,
)
from tallystick.meter.parse.calls.prepare import ask_for_usage, is_usage_asked, name_upstream_model
from tallystick.meter.parse.dialects import CallRequest, Route
from tallystick.meter.parse.framing.framings import choose_sse
from tallystick.meter.parse.json_parts import decode_part, keep_raw, read_name, read_tier
from tallystick.meter.parse.providers.openai_usage import CHAT, read_openai_usage
from tallystick.meter.parse.providers.refusals import refuse_openai
from tallystick.meter.parse.reading import Reading
from tallystick.meter.parse.wire import WireDialect

NO_CHOICES: Final = re.compile(rb"\s*\[\s*\]\s*")
DONE: Final = b"[DONE]"

_TEXT_PARTS: Final = frozenset({"text", "refusal"})
_OWN_TOOLS: Final = frozenset({"function", "custom"})


class ChatBody(msgspec.Struct):
    """What bounds a chat completion."""

    model: Any = None
    messages: Any = None
    stream: Any = None
    stream_options: Any = None
    max_tokens: Any = None
    max_completion_tokens: Any = None
    n: Any = None
    tools: Any = None
    web_search_options: Any = None
    user: Any = None
    safety_identifier: Any = None


class ChatAnswer(msgspec.Struct):
    """What a chat completion or a chunk of one says about its use."""

    model: Any = None
    service_tier: Any = None
    usage: msgspec.Raw = msgspec.Raw()
    choices: msgspec.Raw = msgspec.Raw()


_BODY: Final = BodyDecoder(
    ChatBody, "model", "stream", "stream_options", "max_tokens", "max_completion_tokens", "n"
)
_ANSWER: Final = msgspec.json.Decoder(ChatAnswer)


def parse_chat(
    route: Route,  # noqa: ARG001 - every parser is given it
    body: bytes,
    *,
    injects_usage: bool,
    upstream_model: str | None,
) -> CallRequest:
    """The chat completion in this body.

    Raises:
        RequestMalformed: it is none, or could be read two ways.
    """
    fields: ChatBody = _BODY.decode(body)
    model = read_model(fields.model)
    is_stream = read_switch(fields.stream, "stream")
    hides_usage = is_stream and injects_usage and not is_usage_asked(fields.stream_options)
    sent = ask_for_usage(body, fields.stream_options) if hides_usage else body
    choices = read_choices(fields.n, "n")
    return CallRequest(
        model=model,
        is_stream=is_stream,
        body=name_upstream_model(sent, model, upstream_model),
        hides_usage=hides_usage,
        max_output_tokens=multiply_limit(_read_max_tokens(fields), choices),
        choices=choices,
        input_bytes=len(body),
        has_opaque_input=_has_opaque_input(fields),
        user=read_user(fields.safety_identifier) or read_user(fields.user),
    )


def find_in_answer(document: bytes) -> Found | None:
    """What a completion, or the data of one event of a stream, says about its use."""
    if document.strip() == DONE:
        return Found(is_end=True)
    answer = decode_part(_ANSWER, document)
    if answer is None:
        return None
    usage = keep_raw(answer.usage)
    is_usage_only = bool(usage) and NO_CHOICES.fullmatch(bytes(answer.choices)) is not None
    return Found(
        usage=usage,
        model=read_name(answer.model),
        tier=read_tier(answer.service_tier),
        is_end=is_usage_only,  # only [DONE] follows, which some servers forget
        is_usage_only=is_usage_only,
    )


def is_wanted(data: bytes) -> bool:
    """Whether there may be usage or the end; chunks say "usage": null before that."""
    return has_member(data, b'"usage"', b"{") or DONE in data


def _read_usage(usage: Mapping[str, object]) -> Reading:
    return read_openai_usage(usage, CHAT)


def _read_max_tokens(fields: ChatBody) -> int | None:
    older = read_limit(fields.max_tokens, "max_tokens")
    newer = read_limit(fields.max_completion_tokens, "max_completion_tokens")
    if older is None or newer is None:
        return newer if older is None else older
    return max(older, newer)


def _has_opaque_input(fields: ChatBody) -> bool:
    return (
        fields.web_search_options is not None
        or not has_only_own_tools(fields.tools, _OWN_TOOLS)
        or not isinstance(fields.messages, list)
        or not all(_is_text(message) for message in fields.messages)
    )


def _is_text(message: object) -> bool:
    if not isinstance(message, dict) or message.get("audio") is not None:
        return False
    content = message.get("content")
    return content is None or isinstance(content, str) or has_only_parts(content, _TEXT_PARTS)


CHAT_FORMAT: Final = AnswerFormat(
    is_wanted=is_wanted,
    find=find_in_answer,
    read_usage=_read_usage,
    text_keys=(b'content":', b'arguments":', b'reasoning":'),
    document_keys=(b'content":', b'arguments":', b'reasoning":'),
)
OPENAI_CHAT: Final = WireDialect("openai-chat", parse_chat, CHAT_FORMAT, choose_sse, refuse_openai)
