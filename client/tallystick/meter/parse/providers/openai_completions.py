"""OpenAI's plain completions, and completions in the middle of a text.

Source: openai package, types/completion_create_params.py.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import msgspec

from tallystick.meter.parse.calls.fields import (
    BodyDecoder,
    is_list_of,
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
from tallystick.meter.parse.providers.openai_chat import CHAT_FORMAT
from tallystick.meter.parse.providers.refusals import refuse_openai
from tallystick.meter.parse.wire import WireDialect

_KEYS: Final = (b'text":',)


class CompletionBody(msgspec.Struct):
    """What bounds a completion."""

    model: Any = None
    prompt: Any = None
    stream: Any = None
    stream_options: Any = None
    max_tokens: Any = None
    n: Any = None
    best_of: Any = None
    user: Any = None


_BODY: Final = BodyDecoder(
    CompletionBody, "model", "prompt", "stream", "stream_options", "max_tokens", "n", "best_of"
)


def parse_completion(
    route: Route,  # noqa: ARG001 - every parser is given it
    body: bytes,
    *,
    injects_usage: bool,
    upstream_model: str | None,
) -> CallRequest:
    """The completion in this body.

    Raises:
        RequestMalformed: it is none, or could be read two ways.
    """
    fields: CompletionBody = _BODY.decode(body)
    model = read_model(fields.model)
    is_stream = read_switch(fields.stream, "stream")
    hides_usage = is_stream and injects_usage and not is_usage_asked(fields.stream_options)
    sent = ask_for_usage(body, fields.stream_options) if hides_usage else body
    choices = max(read_choices(fields.n, "n"), read_choices(fields.best_of, "best_of"))
    choices *= _count_prompts(fields.prompt)
    return CallRequest(
        model=model,
        is_stream=is_stream,
        body=name_upstream_model(sent, model, upstream_model),
        hides_usage=hides_usage,
        max_output_tokens=multiply_limit(read_limit(fields.max_tokens, "max_tokens"), choices),
        choices=choices,
        input_bytes=len(body),
        has_opaque_input=False,
        user=read_user(fields.user),
    )


def _count_prompts(prompt: object) -> int:
    """How many prompts there are: a list of numbers is one prompt, each of them an LLM token."""
    if not isinstance(prompt, list) or is_list_of(prompt, int):
        return 1
    return max(len(prompt), 1)


_FORMAT: Final = replace(CHAT_FORMAT, text_keys=_KEYS, document_keys=_KEYS)
OPENAI_COMPLETIONS: Final = WireDialect(
    "openai-completions", parse_completion, _FORMAT, choose_sse, refuse_openai
)
