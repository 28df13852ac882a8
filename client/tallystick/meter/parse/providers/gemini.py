"""Google's Gemini: generateContent, its streams, and embeddings.

Source: google-genai package, types.py (GenerateContentResponseUsageMetadata), models.py.
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
from tallystick.meter.parse.calls.fields import (
    BodyDecoder,
    multiply_limit,
    read_choices,
    read_limit,
    read_model,
)
from tallystick.meter.parse.counts import Side, create_reading, read_count
from tallystick.meter.parse.dialects import CallRequest, Route
from tallystick.meter.parse.errors import UsageMalformed
from tallystick.meter.parse.estimate import estimate_reading
from tallystick.meter.parse.framing.framings import choose_gemini
from tallystick.meter.parse.json_parts import decode_part, keep_raw, read_name, read_tier
from tallystick.meter.parse.providers.refusals import refuse_gemini
from tallystick.meter.parse.reading import Reading
from tallystick.meter.parse.wire import WireDialect

_TEXT_PARTS: Final = frozenset(
    {
        "text",
        "thought",
        "thoughtSignature",
        "thought_signature",
        "functionCall",
        "function_call",
        "functionResponse",
        "function_response",
    }
)
_OWN_TOOLS: Final = frozenset({"functionDeclarations", "function_declarations"})
_TRAFFIC: Final = "on_demand_"


class GenerateBody(msgspec.Struct):
    """What bounds a generation; Google's servers take names in either case."""

    contents: Any = None
    systemInstruction: Any = None  # noqa: N815 - as on the wire
    system_instruction: Any = None
    generationConfig: Any = None  # noqa: N815
    generation_config: Any = None
    tools: Any = None
    cachedContent: Any = None  # noqa: N815
    cached_content: Any = None
    content: Any = None
    requests: Any = None


class GenerateAnswer(msgspec.Struct):
    """A generation, or a chunk of one."""

    modelVersion: Any = None  # noqa: N815
    usageMetadata: msgspec.Raw = msgspec.Raw()  # noqa: N815
    candidates: msgspec.Raw = msgspec.Raw()
    promptFeedback: Any = None  # noqa: N815


_BODY: Final = BodyDecoder(GenerateBody, "generationConfig", "generation_config")
_ANSWER: Final = msgspec.json.Decoder(GenerateAnswer)


def parse_generation(
    route: Route,
    body: bytes,
    *,
    injects_usage: bool,  # noqa: ARG001 - Gemini always reports it
    upstream_model: str | None,  # noqa: ARG001 - the path names the model
) -> CallRequest:
    """The generation or embedding in this body.

    Raises:
        RequestMalformed: it is none, or could be read two ways.
    """
    fields: GenerateBody = _BODY.decode(body)
    config = _read_config(fields)
    choices = max(_read_choices(config, name) for name in ("candidateCount", "candidate_count"))
    limits = [
        read_limit(config.get(name), name) for name in ("maxOutputTokens", "max_output_tokens")
    ]
    limit = max((found for found in limits if found is not None), default=None)
    is_embedding = route.path.endswith("mbedContent") or route.path.endswith("mbedContents")
    return CallRequest(
        model=read_model(route.model),
        is_stream=bool(route.is_stream),
        body=body,
        hides_usage=False,
        max_output_tokens=0 if is_embedding else multiply_limit(limit, choices),
        choices=choices,
        input_bytes=len(body),
        has_opaque_input=_has_opaque_input(fields),
        user=None,
    )


def find_in_generation(document: bytes) -> Found | None:
    """What a generation, or one chunk of a stream, says about its use."""
    answer = decode_part(_ANSWER, document)
    if answer is None:
        return None
    has_ended = has_member(bytes(answer.candidates), b'"finishReason"', b'"') or _is_blocked(answer)
    return Found(
        usage=keep_raw(answer.usageMetadata),
        model=read_name(answer.modelVersion),
        is_end=has_ended,
        is_counted=has_ended,
    )


def read_gemini_usage(usage: Mapping[str, object]) -> Reading:
    """The disjoint counts of a generation's usageMetadata.

    `promptTokenCount` includes the cached tokens but not those that tools add; thoughts are not
    inside `candidatesTokenCount`. Counts of 0 are left out on the wire; what the total holds beyond
    the counts that are there was produced, and not shown.

    Raises:
        UsageMalformed: a count is none, or there are none.
    """
    total = read_count(usage, "totalTokenCount")
    prompt = read_count(usage, "promptTokenCount")
    shown, thoughts = (
        read_count(usage, "candidatesTokenCount"),
        read_count(usage, "thoughtsTokenCount"),
    )
    if total is None and prompt is None and shown is None:
        raise UsageMalformed("promptTokenCount", expected="a count", actual="nothing")
    read = (prompt or 0) + (read_count(usage, "toolUsePromptTokenCount") or 0)
    cached = read_count(usage, "cachedContentTokenCount") or 0
    reading = create_reading(
        Side(read, (cached, 0)),
        Side(shown or 0, (thoughts or 0,), is_inclusive=False),
        total,
        is_reasoning_reported=thoughts is not None or total is not None,
    )
    if Flag.USAGE_MISMATCH in reading.flags and thoughts is None:
        hidden = max((total or 0) - reading.in_total - reading.out_total, 0)
        reading = replace(reading, out_reasoning=hidden)
    return replace(reading, tier=_read_gemini_tier(usage))


def _read_gemini_tier(usage: Mapping[str, object]) -> str:
    tier = read_tier(usage.get("serviceTier")) or read_tier(usage.get("trafficType"))
    return "" if tier == "traffic_type_unspecified" else tier.removeprefix(_TRAFFIC)


def _amend(reading: Reading, usage: Usage, progress: Progress) -> Reading:
    """A stream that was cut before its output was counted is estimated from its text.

    A count of 0 is left out on the wire: where the answer has ended, its total proves it.
    """
    is_counted = "candidatesTokenCount" in usage or (
        progress.is_counted and "totalTokenCount" in usage
    )
    if is_counted or reading.out_total or not progress.output_bytes:
        return reading
    guess = estimate_reading(0, progress.output_bytes, None)
    return replace(reading, out_visible=guess.out_visible, flags=reading.flags | guess.flags)


def _is_wanted(data: bytes) -> bool:
    return b'"usageMetadata"' in data or b'"finishReason"' in data or b'"blockReason"' in data


def _is_blocked(answer: GenerateAnswer) -> bool:
    feedback = answer.promptFeedback
    return isinstance(feedback, dict) and bool(feedback.get("blockReason"))


def _read_config(fields: GenerateBody) -> dict[str, Any]:
    """Both spellings of the configuration together."""
    config: dict[str, Any] = {}
    for found in (fields.generationConfig, fields.generation_config):
        if isinstance(found, dict):
            config.update(found)
    return config


def _read_choices(config: dict[str, Any], name: str) -> int:
    return read_choices(config.get(name), name)


def _has_opaque_input(fields: GenerateBody) -> bool:
    contents = fields.contents if fields.contents is not None else fields.content
    if isinstance(fields.requests, list):
        contents = [entry.get("content") for entry in fields.requests if isinstance(entry, dict)]
    systems = (fields.systemInstruction, fields.system_instruction)
    return (
        fields.cachedContent is not None
        or fields.cached_content is not None
        or not (fields.tools is None or _has_only_keys(fields.tools, _OWN_TOOLS))
        or not _is_text(contents)
        or not all(system is None or _is_text(system) for system in systems)
    )


def _is_text(content: object) -> bool:
    if isinstance(content, list):
        return all(_is_text(entry) for entry in content)
    if isinstance(content, str):
        return True
    return isinstance(content, dict) and _has_only_keys(content.get("parts"), _TEXT_PARTS)


def _has_only_keys(entries: object, keys: frozenset[str]) -> bool:
    entries = [entries] if isinstance(entries, dict) else entries
    return isinstance(entries, list) and all(
        isinstance(entry, dict) and entry.keys() <= keys for entry in entries
    )


GEMINI_FORMAT: Final = AnswerFormat(
    is_wanted=_is_wanted,
    find=find_in_generation,
    read_usage=read_gemini_usage,
    text_keys=(b'text":',),
    document_keys=(b'text":',),
    merge=merge_cumulative,
    amend=_amend,
)
GEMINI: Final = WireDialect("gemini", parse_generation, GEMINI_FORMAT, choose_gemini, refuse_gemini)
