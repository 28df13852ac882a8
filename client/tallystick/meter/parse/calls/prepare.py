"""What has to change in a body before it goes upstream; every other byte stays as it came."""

from __future__ import annotations

from typing import Final

import msgspec

from tallystick.meter.parse.calls.members import find_members, replace_span
from tallystick.meter.parse.errors import RequestMalformed

_ASK: Final = b'"include_usage":true'
_OPTIONS: Final = "stream_options"


def is_usage_asked(stream_options: object) -> bool:
    """Whether a stream's caller wants the usage chunk for itself.

    Raises:
        RequestMalformed: the options are no object.
    """
    if stream_options is None:
        return False
    if not isinstance(stream_options, dict):
        raise RequestMalformed(_OPTIONS, expected="an object", actual=repr(stream_options))
    return stream_options.get("include_usage") is True


def ask_for_usage(body: bytes, stream_options: object) -> bytes:
    """The body with `include_usage` set.

    Args:
        body: a JSON object without it.
        stream_options: as decoded from the body.
    """
    span = find_members(body).get(_OPTIONS) if _OPTIONS.encode() in body else None
    if span is None:
        start = body.index(b"{") + 1
        return body[:start] + b'"stream_options":{' + _ASK + b"}," + body[start:]
    options = stream_options if isinstance(stream_options, dict) else {}
    return replace_span(body, span, msgspec.json.encode({**options, "include_usage": True}))


def name_upstream_model(body: bytes, model: str, upstream_model: str | None) -> bytes:
    """The body with the upstream's name for the model, the same object if that is the caller's."""
    if upstream_model is None or upstream_model == model:
        return body
    return replace_span(body, find_members(body)["model"], msgspec.json.encode(upstream_model))
