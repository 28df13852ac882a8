"""Ollama's chat, generate and embed.

Source: ollama package, _types.py (BaseGenerateResponse, EmbedResponse) and _client.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import msgspec

from tallystick.core.usage import Flag
from tallystick.meter.parse.answers.formats import AnswerFormat, Found, Progress, Usage
from tallystick.meter.parse.answers.texts import has_member
from tallystick.meter.parse.calls.fields import BodyDecoder, read_limit, read_model, read_switch
from tallystick.meter.parse.calls.prepare import name_upstream_model
from tallystick.meter.parse.counts import read_count
from tallystick.meter.parse.dialects import CallRequest, Route
from tallystick.meter.parse.errors import RequestMalformed, UsageMalformed
from tallystick.meter.parse.estimate import estimate_reading
from tallystick.meter.parse.framing.framings import choose_lines
from tallystick.meter.parse.json_parts import decode_part, read_name
from tallystick.meter.parse.providers.refusals import refuse_ollama
from tallystick.meter.parse.reading import NO_FLAGS, Reading
from tallystick.meter.parse.wire import WireDialect

USAGE_FIELDS: Final = (
    "total_duration",
    "load_duration",
    "prompt_eval_count",
    "prompt_eval_duration",
    "eval_count",
    "eval_duration",
    "done_reason",
)
"""What an answer says about its use, durations in nanoseconds; there is no object around them."""


class OllamaBody(msgspec.Struct):
    """What bounds a call."""

    model: Any = None
    stream: Any = None
    options: Any = None
    images: Any = None
    messages: Any = None


class OllamaAnswer(msgspec.Struct):
    """An answer, or a line of one."""

    model: Any = None
    done: Any = None
    done_reason: Any = None
    total_duration: Any = None
    load_duration: Any = None
    prompt_eval_count: Any = None
    prompt_eval_duration: Any = None
    eval_count: Any = None
    eval_duration: Any = None


_BODY: Final = BodyDecoder(OllamaBody, ignores_case=True)
_ANSWER: Final = msgspec.json.Decoder(OllamaAnswer)


def parse_ollama(
    route: Route,
    body: bytes,
    *,
    injects_usage: bool,  # noqa: ARG001 - Ollama always reports it
    upstream_model: str | None,
) -> CallRequest:
    """The call in this body; it streams unless it says otherwise.

    Raises:
        RequestMalformed: it is none, or could be read two ways.
    """
    fields: OllamaBody = _BODY.decode(body)
    model = read_model(fields.model)
    is_embedding = route.path.endswith("/embed")
    is_stream = not is_embedding and read_switch(fields.stream, "stream", default=True)
    return CallRequest(
        model=model,
        is_stream=is_stream,
        body=name_upstream_model(body, model, upstream_model),
        hides_usage=False,
        max_output_tokens=0 if is_embedding else _read_num_predict(fields.options),
        choices=1,
        input_bytes=len(body),
        has_opaque_input=_has_images(fields),
        user=None,
    )


def find_in_line(document: bytes) -> Found | None:
    """What an answer, or a line of a stream, says about its use."""
    answer = decode_part(_ANSWER, document)
    if answer is None:
        return None
    usage = {name: value for name in USAGE_FIELDS if (value := getattr(answer, name)) is not None}
    return Found(
        usage=_encode(usage),
        model=read_name(answer.model),
        is_end=answer.done is True,
    )


def read_ollama_usage(usage: Mapping[str, object]) -> Reading:
    """The counts of an answer's last line; which part was cached or reasoning is not said.

    Raises:
        UsageMalformed: a count is none, or there are none.
    """
    read, produced = read_count(usage, "prompt_eval_count"), read_count(usage, "eval_count")
    if read is None and produced is None and usage.get("done_reason") not in ("load", "unload"):
        raise UsageMalformed("eval_count", expected="a count", actual="nothing")
    flags = Flag.REASONING_NOT_REPORTED if produced else NO_FLAGS
    return Reading(in_fresh=read or 0, out_visible=produced or 0, flags=flags)


def _amend(reading: Reading, usage: Usage, progress: Progress) -> Reading:
    """Older servers leave out the prompt's count where all of it was cached: it is estimated."""
    is_told = usage.get("prompt_eval_count") is not None or not reading.out_total
    if is_told or progress.input_bytes is None:
        return reading
    guess = estimate_reading(progress.input_bytes, 0, None)
    return replace(reading, in_fresh=guess.in_fresh, flags=reading.flags | Flag.ESTIMATED)


def _encode(usage: Usage) -> bytes:
    try:
        return msgspec.json.encode(usage) if usage else b""
    except (ValueError, RecursionError):  # a value that no count looks like
        return b""


def _is_wanted(data: bytes) -> bool:
    return has_member(data, b'"done"', b"t")


def _read_num_predict(options: object) -> int | None:
    """The limit; -1 and -2 say that there is none.

    Raises:
        RequestMalformed: it is no number, or the options are no object.
    """
    if options is None:
        return None
    if not isinstance(options, dict):
        raise RequestMalformed("options", expected="an object", actual=repr(options))
    limits = [value for name, value in options.items() if name.lower() == "num_predict"]
    if any(isinstance(value, int | float) and value < 0 for value in limits):
        return None
    return max((read_limit(value, "num_predict") or 0 for value in limits), default=None)


def _has_images(fields: OllamaBody) -> bool:
    if fields.messages is None:
        return bool(fields.images)
    return not isinstance(fields.messages, list) or not all(
        isinstance(message, dict)
        and not any(name.lower() == "images" and value for name, value in message.items())
        for message in fields.messages
    )


OLLAMA_FORMAT: Final = AnswerFormat(
    is_wanted=_is_wanted,
    find=find_in_line,
    read_usage=read_ollama_usage,
    text_keys=(b'content":', b'response":', b'thinking":'),
    document_keys=(b'content":', b'response":', b'thinking":'),
    amend=_amend,
)
OLLAMA: Final = WireDialect("ollama", parse_ollama, OLLAMA_FORMAT, choose_lines, refuse_ollama)
