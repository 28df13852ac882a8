"""OpenAI's embeddings, in the shape many other servers speak too.

Source: openai package, types/create_embedding_response.py and embedding_create_params.py.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import msgspec

from tallystick.meter.parse.calls.fields import BodyDecoder, read_model, read_user
from tallystick.meter.parse.calls.prepare import name_upstream_model
from tallystick.meter.parse.dialects import CallRequest, Route
from tallystick.meter.parse.framing.framings import choose_document
from tallystick.meter.parse.providers.openai_chat import CHAT_FORMAT
from tallystick.meter.parse.providers.openai_usage import read_embedding_usage
from tallystick.meter.parse.providers.refusals import refuse_openai
from tallystick.meter.parse.wire import WireDialect


class EmbeddingBody(msgspec.Struct):
    """What bounds an embedding."""

    model: Any = None
    input: Any = None
    user: Any = None


_BODY: Final = BodyDecoder(EmbeddingBody, "model")


def parse_embedding(
    route: Route,  # noqa: ARG001 - every parser is given it
    body: bytes,
    *,
    injects_usage: bool,  # noqa: ARG001 - embeddings always report it
    upstream_model: str | None,
) -> CallRequest:
    """The embedding in this body.

    Raises:
        RequestMalformed: it is none, or could be read two ways.
    """
    fields: EmbeddingBody = _BODY.decode(body)
    model = read_model(fields.model)
    return CallRequest(
        model=model,
        is_stream=False,
        body=name_upstream_model(body, model, upstream_model),
        hides_usage=False,
        max_output_tokens=0,
        choices=1,
        input_bytes=len(body),
        has_opaque_input=not _is_text(fields.input),
        user=read_user(fields.user),
    )


def _is_text(value: object) -> bool:
    """Whether it is a text, LLM tokens as numbers, or a list of one of these."""
    if isinstance(value, list):
        return all(isinstance(entry, str | int) or _is_tokens(entry) for entry in value)
    return isinstance(value, str)


def _is_tokens(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(entry, int) for entry in value)


EMBEDDING_FORMAT: Final = replace(
    CHAT_FORMAT, read_usage=read_embedding_usage, text_keys=(), document_keys=()
)
OPENAI_EMBEDDINGS: Final = WireDialect(
    "openai-embeddings", parse_embedding, EMBEDDING_FORMAT, choose_document, refuse_openai
)
