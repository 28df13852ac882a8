"""Bedrock's Converse and ConverseStream.

Source: botocore's service description of bedrock-runtime (TokenUsage, ConverseStreamMetadataEvent).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import msgspec

from tallystick.core.usage import Flag
from tallystick.meter.parse.answers.formats import AnswerFormat, Found
from tallystick.meter.parse.answers.texts import has_member
from tallystick.meter.parse.calls.fields import BodyDecoder, read_limit, read_model
from tallystick.meter.parse.counts import Side, create_reading, read_count, require_count
from tallystick.meter.parse.dialects import CallRequest, Route
from tallystick.meter.parse.framing.framings import choose_event_stream
from tallystick.meter.parse.json_parts import decode_part, keep_raw, read_tier
from tallystick.meter.parse.providers.refusals import refuse_bedrock
from tallystick.meter.parse.reading import Reading
from tallystick.meter.parse.wire import WireDialect

_TEXT_BLOCKS: Final = frozenset({"text", "toolUse", "cachePoint", "reasoningContent"})
_RESULT_BLOCKS: Final = frozenset({"text", "json"})


class ConverseBody(msgspec.Struct):
    """What bounds a conversation's turn."""

    messages: Any = None
    system: Any = None
    inferenceConfig: Any = None  # noqa: N815 - as on the wire
    promptVariables: Any = None  # noqa: N815


class ConverseAnswer(msgspec.Struct):
    """An answer, or the metadata event of a stream."""

    usage: msgspec.Raw = msgspec.Raw()
    serviceTier: Any = None  # noqa: N815


_BODY: Final = BodyDecoder(ConverseBody, "inferenceConfig")
_ANSWER: Final = msgspec.json.Decoder(ConverseAnswer)


def parse_converse(
    route: Route,
    body: bytes,
    *,
    injects_usage: bool,  # noqa: ARG001 - Bedrock always reports it
    upstream_model: str | None,  # noqa: ARG001 - the path names the model
) -> CallRequest:
    """The turn in this body.

    Raises:
        RequestMalformed: it is none, or could be read two ways.
    """
    fields: ConverseBody = _BODY.decode(body)
    config = fields.inferenceConfig if isinstance(fields.inferenceConfig, dict) else {}
    return CallRequest(
        model=read_model(route.model),
        is_stream=bool(route.is_stream),
        body=body,
        hides_usage=False,
        max_output_tokens=read_limit(config.get("maxTokens"), "maxTokens"),
        choices=1,
        input_bytes=len(body),
        has_opaque_input=_has_opaque_input(fields),
        user=None,
    )


def find_in_turn(document: bytes) -> Found | None:
    """What an answer, or one event of a stream, says about its use."""
    answer = decode_part(_ANSWER, document)
    if answer is None:
        return None
    usage = keep_raw(answer.usage)
    tier = answer.serviceTier.get("type") if isinstance(answer.serviceTier, dict) else None
    return Found(usage=usage, tier=read_tier(tier), is_end=bool(usage))


def read_bedrock_usage(usage: Mapping[str, object]) -> Reading:
    """The disjoint counts of a TokenUsage; `inputTokens` excludes what touched a cache.

    Raises:
        UsageMalformed: a count is none, or a side is missing.
    """
    cached = read_count(usage, "cacheReadInputTokens") or 0
    written = read_count(usage, "cacheWriteInputTokens") or 0
    read, produced = require_count(usage, "inputTokens"), require_count(usage, "outputTokens")
    reading = create_reading(
        Side(read, (cached, written), is_inclusive=False),
        Side(produced, (0,)),
        None,
        is_reasoning_reported=False,
    )
    total = read_count(usage, "totalTokens")
    counted = {read + produced, read + cached + written + produced}
    if total is not None and total not in counted:
        reading = replace(reading, flags=reading.flags | Flag.USAGE_MISMATCH)
    return reading


def _is_wanted(data: bytes) -> bool:
    return has_member(data, b'"usage"', b"{")


def _has_opaque_input(fields: ConverseBody) -> bool:
    return (
        fields.promptVariables is not None
        or not isinstance(fields.messages, list)
        or not all(_is_text(message) for message in fields.messages)
        or not (fields.system is None or _are_text_blocks(fields.system))
    )


def _is_text(message: object) -> bool:
    return isinstance(message, dict) and _are_text_blocks(message.get("content"))


def _are_text_blocks(blocks: object) -> bool:
    return isinstance(blocks, list) and all(_is_text_block(block) for block in blocks)


def _is_text_block(block: object) -> bool:
    if not isinstance(block, dict):
        return False
    result = block.get("toolResult")
    if isinstance(result, dict):
        content = result.get("content")
        return isinstance(content, list) and all(
            isinstance(part, dict) and part.keys() <= _RESULT_BLOCKS for part in content
        )
    return block.keys() <= _TEXT_BLOCKS


CONVERSE_FORMAT: Final = AnswerFormat(
    is_wanted=_is_wanted,
    find=find_in_turn,
    read_usage=read_bedrock_usage,
    text_keys=(b'text":',),
    document_keys=(b'text":',),
)
BEDROCK_CONVERSE: Final = WireDialect(
    "bedrock-converse", parse_converse, CONVERSE_FORMAT, choose_event_stream, refuse_bedrock
)
