"""Anthropic's messages.

Source: anthropic package, types/usage.py, message_delta_usage.py, raw_message_*_event.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import msgspec

from tallystick.core.usage import Flag
from tallystick.meter.parse.answers.cumulative import merge_cumulative
from tallystick.meter.parse.answers.formats import AnswerFormat, Found, Progress, Usage
from tallystick.meter.parse.answers.texts import has_member
from tallystick.meter.parse.calls.content import has_only_parts
from tallystick.meter.parse.calls.fields import (
    BodyDecoder,
    read_limit,
    read_model,
    read_switch,
    read_user,
)
from tallystick.meter.parse.calls.prepare import name_upstream_model
from tallystick.meter.parse.counts import Side, create_reading, read_count, require_count
from tallystick.meter.parse.dialects import CallRequest, Route
from tallystick.meter.parse.estimate import estimate_reading
from tallystick.meter.parse.framing.framings import choose_sse
from tallystick.meter.parse.json_parts import decode_part, keep_raw, read_name, read_tier
from tallystick.meter.parse.providers.refusals import refuse_anthropic
from tallystick.meter.parse.reading import NO_FLAGS, Reading
from tallystick.meter.parse.wire import WireDialect

_TEXT_BLOCKS: Final = frozenset({"text", "thinking", "redacted_thinking", "tool_use"})
_TOOL_PROMPT_BYTES: Final = 1024
"""Anthropic adds a prompt of up to 530 LLM tokens where there are tools; each is a byte or more."""

_CACHE_LIFETIMES: Final = ("ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens")


class MessageBody(msgspec.Struct):
    """What bounds a message."""

    model: Any = None
    messages: Any = None
    system: Any = None
    stream: Any = None
    max_tokens: Any = None
    tools: Any = None
    mcp_servers: Any = None
    container: Any = None
    metadata: Any = None


class MessagePart(msgspec.Struct):
    """What message_start says."""

    model: Any = None
    usage: msgspec.Raw = msgspec.Raw()


class MessageAnswer(msgspec.Struct):
    """A message, or an event of a stream."""

    type: Any = None
    model: Any = None
    usage: msgspec.Raw = msgspec.Raw()
    message: MessagePart | None = None


_BODY: Final = BodyDecoder(MessageBody, "model", "stream", "max_tokens")
_ANSWER: Final = msgspec.json.Decoder(MessageAnswer)


def parse_message(
    route: Route,  # noqa: ARG001 - every parser is given it
    body: bytes,
    *,
    injects_usage: bool,  # noqa: ARG001 - messages always report it
    upstream_model: str | None,
) -> CallRequest:
    """The message asked for in this body.

    Raises:
        RequestMalformed: it is none, or could be read two ways.
    """
    fields: MessageBody = _BODY.decode(body)
    model = read_model(fields.model)
    metadata = fields.metadata if isinstance(fields.metadata, dict) else {}
    return CallRequest(
        model=model,
        is_stream=read_switch(fields.stream, "stream"),
        body=name_upstream_model(body, model, upstream_model),
        hides_usage=False,
        max_output_tokens=read_limit(fields.max_tokens, "max_tokens"),
        choices=1,
        input_bytes=len(body) + (_TOOL_PROMPT_BYTES if fields.tools else 0),
        has_opaque_input=_has_opaque_input(fields),
        user=read_user(metadata.get("user_id")),
    )


def find_in_message(document: bytes) -> Found | None:
    """What a message, or the data of one event of a stream, says about its use."""
    answer = decode_part(_ANSWER, document)
    if answer is None:
        return None
    part = answer.message or answer
    return Found(
        usage=keep_raw(part.usage),
        model=read_name(part.model),
        is_end=answer.type == "message_stop",
        is_counted=answer.type == "message_delta",
    )


def read_anthropic_usage(usage: Mapping[str, object]) -> Reading:
    """The disjoint counts of a message's usage.

    `input_tokens` excludes what was read from or written to a cache; `output_tokens` includes
    thinking.

    Raises:
        UsageMalformed: a count is none, or a side is missing.
    """
    written, flags = _read_written(usage)
    cached = read_count(usage, "cache_read_input_tokens") or 0
    thinking = read_count(usage, "output_tokens_details.thinking_tokens")
    reading = create_reading(
        Side(require_count(usage, "input_tokens"), (cached, written), is_inclusive=False),
        Side(require_count(usage, "output_tokens"), (thinking or 0,)),
        None,
        is_reasoning_reported=thinking is not None,
    )
    tier = "fast" if usage.get("speed") == "fast" else read_tier(usage.get("service_tier"))
    return replace(reading, flags=reading.flags | flags, tier=tier)


def _read_written(usage: Mapping[str, object]) -> tuple[int, Flag]:
    """What was written to caches; the total wins over its parts by lifetime."""
    total = read_count(usage, "cache_creation_input_tokens")
    parts = [read_count(usage, f"cache_creation.{lifetime}") for lifetime in _CACHE_LIFETIMES]
    found = sum(part or 0 for part in parts)
    if total is None:
        return found, NO_FLAGS
    is_consistent = parts == [None, None] or found == total
    return total, NO_FLAGS if is_consistent else Flag.USAGE_MISMATCH


def _amend(reading: Reading, usage: Usage, progress: Progress) -> Reading:
    """The first event's output count is a placeholder; a stream cut before the last one has none.

    Args:
        reading: as reported.
        usage: unused; the placeholder looks like a count.
        progress: tells whether the last one came, and how much text there was.
    """
    del usage
    missing = -(-progress.output_bytes // 4) - reading.out_total
    if progress.is_counted or missing <= 0:
        return reading
    guess = estimate_reading(0, progress.output_bytes, None)
    flags = reading.flags | guess.flags
    return replace(reading, out_visible=reading.out_visible + missing, flags=flags)


def _is_wanted(data: bytes) -> bool:
    return has_member(data, b'"usage"', b"{") or b"message_st" in data  # start and stop


def _has_opaque_input(fields: MessageBody) -> bool:
    return (
        fields.mcp_servers is not None
        or fields.container is not None
        or not (fields.tools is None or _are_own_tools(fields.tools))
        or not isinstance(fields.messages, list)
        or not all(_is_text(message) for message in fields.messages)
        or not _is_text_content(fields.system)
    )


def _are_own_tools(tools: object) -> bool:
    return isinstance(tools, list) and all(
        isinstance(tool, dict) and tool.get("type", "custom") in (None, "custom") for tool in tools
    )


def _is_text(message: object) -> bool:
    return isinstance(message, dict) and _is_text_content(message.get("content"))


def _is_text_content(content: object) -> bool:
    if content is None or isinstance(content, str):
        return True
    return isinstance(content, list) and all(_is_text_block(block) for block in content)


def _is_text_block(block: object) -> bool:
    if not isinstance(block, dict) or block.get("type") != "tool_result":
        return has_only_parts([block], _TEXT_BLOCKS)
    content = block.get("content")
    return content is None or isinstance(content, str) or has_only_parts(content, _TEXT_BLOCKS)


MESSAGE_FORMAT: Final = AnswerFormat(
    is_wanted=_is_wanted,
    find=find_in_message,
    read_usage=read_anthropic_usage,
    text_keys=(b'text":', b'thinking":', b'partial_json":'),
    document_keys=(b'text":', b'thinking":'),
    merge=merge_cumulative,
    amend=_amend,
)
ANTHROPIC_MESSAGES: Final = WireDialect(
    "anthropic-messages", parse_message, MESSAGE_FORMAT, choose_sse, refuse_anthropic
)
