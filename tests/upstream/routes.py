"""Which shape answers which request; answers are made once and kept."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Final

import msgspec
from tests.upstream import (
    anthropic_shapes,
    gemini_shapes,
    mistral_shapes,
    ollama_shapes,
    openai_shapes,
)
from tests.upstream.answers import Answer, Asked, Shape, encode
from tests.upstream.mistral_shapes import is_mistral
from tests.upstream.orders import Order

ShowError = Callable[[int], bytes]

SHAPES: Final[dict[str, tuple[Shape, ShowError]]] = {
    "/v1/chat/completions": (openai_shapes.answer_chat, openai_shapes.answer_error),
    "/v1/completions": (openai_shapes.answer_completion, openai_shapes.answer_error),
    "/v1/responses": (openai_shapes.answer_response, openai_shapes.answer_error),
    "/v1/embeddings": (openai_shapes.answer_embedding, openai_shapes.answer_error),
    "/v1/messages": (anthropic_shapes.answer_message, anthropic_shapes.answer_error),
    "/v1/fim/completions": (mistral_shapes.answer_chat, mistral_shapes.answer_error),
    "/api/chat": (ollama_shapes.answer_chat, ollama_shapes.answer_error),
    "/api/generate": (ollama_shapes.answer_generate, ollama_shapes.answer_error),
    "/api/embed": (ollama_shapes.answer_embedding, ollama_shapes.answer_error),
}
MISTRAL_SHAPES: Final[dict[str, Shape]] = {
    "/v1/chat/completions": mistral_shapes.answer_chat,
    "/v1/embeddings": mistral_shapes.answer_embedding,
}
GEMINI: Final = re.compile(r"/v1(?:beta)?/models/([^/:]+):(\w+)$")
GEMINI_SHAPES: Final[dict[str, Shape]] = {
    "generateContent": gemini_shapes.answer_generate,
    "streamGenerateContent": gemini_shapes.answer_array,
    "embedContent": gemini_shapes.answer_embedding,
    "batchEmbedContents": gemini_shapes.answer_embedding,
}


class StreamOptions(msgspec.Struct):
    """OpenAI's stream_options."""

    include_usage: bool = False


class Body(msgspec.Struct):
    """What of a request's body shapes its answer."""

    model: str = ""
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: int | None = None


BODY: Final = msgspec.json.Decoder(Body)


def decode_body(body: bytes) -> Body:
    """The body's fields; those of an empty one where it is no such document."""
    try:
        return BODY.decode(body)
    except msgspec.MsgspecError:
        return Body()


def name_model(path: str, body: Body) -> str:
    """The model that the request is for."""
    found = GEMINI.match(path)
    return found.group(1) if found else body.model


@lru_cache(maxsize=256)
def find_answer(
    path: str,
    query: str,
    model: str,
    order: Order,
    is_stream: bool | None,
    wants_usage: bool | None,
    choices: int,
) -> Answer:
    """The answer to one kind of request.

    Args:
        path: without its query.
        query: what followed `?`.
        model: asked for.
        order: what to answer.
        is_stream: the body's `stream`; None = not said.
        wants_usage: include_usage; None = no stream_options at all.
        choices: the body's `n`.
    """
    shape, show_error = _find_shape(path, query, model, order)
    if order.body is not None:
        return Answer((order.body.encode(),), order.content_type, status=order.status)
    if order.status != 200:
        return Answer((show_error(order.status),), status=order.status)
    if order.refuses_usage_option and wants_usage is not None:
        return Answer((show_error(400),), status=400)
    streams = path in {"/api/chat", "/api/generate"} if is_stream is None else is_stream
    answer = shape(Asked(model, bool(streams), bool(wants_usage), choices, order))
    return _compress(_split(answer, order), order)


def _find_shape(path: str, query: str, model: str, order: Order) -> tuple[Shape, ShowError]:
    found = GEMINI.match(path)
    if found:
        shape = GEMINI_SHAPES[found.group(2)]
        if shape is gemini_shapes.answer_array and "alt=sse" in query:
            shape = gemini_shapes.answer_stream
        return shape, gemini_shapes.answer_error
    if path in MISTRAL_SHAPES and is_mistral(model, order):
        return MISTRAL_SHAPES[path], mistral_shapes.answer_error
    return SHAPES[path]


def _split(answer: Answer, order: Order) -> Answer:
    """Pieces of equal size, which cut through events and characters."""
    if not (answer.is_stream and order.split_bytes):
        return answer
    whole, size = b"".join(answer.pieces), order.split_bytes
    ends_at = sum(len(piece) for piece in answer.pieces[: answer.usage_piece + 1])
    pieces = tuple(whole[start : start + size] for start in range(0, len(whole), size))
    return replace(answer, pieces=pieces, usage_piece=(ends_at - 1) // size)


def _compress(answer: Answer, order: Order) -> Answer:
    """gzip, every piece readable on its own arrival."""
    if not order.compresses:
        return answer
    packer = zlib.compressobj(wbits=31)
    pieces = [packer.compress(piece) + packer.flush(zlib.Z_SYNC_FLUSH) for piece in answer.pieces]
    pieces[-1] += packer.flush()
    return replace(answer, pieces=tuple(pieces))


def list_models(path: str, models: tuple[str, ...]) -> bytes:
    """GET /v1/models and Ollama's /api/tags."""
    if path == "/api/tags":
        return encode({"models": [{"name": name, "model": name} for name in models]})
    data = [{"id": name, "object": "model", "created": 0, "owned_by": "mock"} for name in models]
    return encode({"object": "list", "data": data})
