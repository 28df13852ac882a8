"""Mistral's chat and fill-in-the-middle completions.

Source: mistralai package, client/models/usageinfo.py, chatcompletionrequest.py, fim*.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from tallystick.meter.parse.dialects import CallRequest, Route
from tallystick.meter.parse.framing.framings import choose_sse
from tallystick.meter.parse.json_parts import read_tier
from tallystick.meter.parse.providers.openai_chat import CHAT_FORMAT, parse_chat
from tallystick.meter.parse.providers.openai_completions import parse_completion
from tallystick.meter.parse.providers.openai_usage import MISTRAL, read_openai_usage
from tallystick.meter.parse.providers.refusals import refuse_mistral
from tallystick.meter.parse.reading import Reading
from tallystick.meter.parse.wire import WireDialect


def parse_mistral(
    route: Route,
    body: bytes,
    *,
    injects_usage: bool,  # noqa: ARG001 - Mistral always reports it, and refuses the option
    upstream_model: str | None,
) -> CallRequest:
    """The completion in this body.

    Raises:
        RequestMalformed: it is none, or could be read two ways.
    """
    parse = parse_completion if route.path.endswith("/fim/completions") else parse_chat
    return parse(route, body, injects_usage=False, upstream_model=upstream_model)


def read_mistral_usage(usage: Mapping[str, object]) -> Reading:
    """The disjoint counts of a usage object, and the tier it names.

    Raises:
        UsageMalformed: a count is none, or a side cannot be told.
    """
    reading = read_openai_usage(usage, MISTRAL)
    return replace(reading, tier=read_tier(usage.get("service_tier")))


MISTRAL_FORMAT: Final = replace(CHAT_FORMAT, read_usage=read_mistral_usage)
MISTRAL_CHAT: Final = WireDialect(
    "mistral-chat", parse_mistral, MISTRAL_FORMAT, choose_sse, refuse_mistral
)
