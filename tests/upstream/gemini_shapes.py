"""Gemini's answers: generateContent, streamGenerateContent (SSE or a JSON array), embedContent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.upstream.answers import JSON, Answer, Asked, encode, encode_event, plain, report, stream
from tests.upstream.orders import Order, distort


def answer_generate(asked: Asked) -> Answer:
    """POST /v1beta/models/M:generateContent."""
    order = asked.order
    text = order.chunk_text * order.chunks
    return plain(_create_document(asked, text, "STOP", _create_usage(order)), _report(order))


def answer_stream(asked: Asked) -> Answer:
    """POST /v1beta/models/M:streamGenerateContent?alt=sse."""
    pieces = [encode_event(document, asked.order) for document in _create_chunks(asked)]
    return stream(pieces, _report(asked.order), -1)


def answer_array(asked: Asked) -> Answer:
    """POST /v1beta/models/M:streamGenerateContent without alt=sse: one array, bit by bit."""
    texts = [encode(document) for document in _create_chunks(asked)]
    pieces = [b"[" + texts[0], *(b",\r\n" + text for text in texts[1:]), b"]"]
    return stream(pieces, _report(asked.order), -2, JSON)


def answer_embedding(asked: Asked) -> Answer:
    """POST /v1beta/models/M:embedContent and :batchEmbedContents."""
    order = asked.order
    values = {"values": [0.125, -0.5, 0.25]}
    document: dict[str, Any] = {"embedding": values, "embeddings": [values]}
    reported = report(
        order, in_fresh=order.in_tokens, in_cached=0, in_written=0, out_visible=0, out_reasoning=0
    )
    counts = {"promptTokenCount": order.in_tokens, "totalTokenCount": order.in_tokens}
    return plain(_add_usage(document, counts, order), reported)


def answer_error(status: int) -> bytes:
    """The body of an error."""
    kind = "RESOURCE_EXHAUSTED" if status == 429 else "INTERNAL"
    return encode({"error": {"code": status, "message": "mock error", "status": kind}})


def _report(order: Order) -> Mapping[str, int] | None:
    """Gemini reports no tokens written to its cache: storage is billed by time."""
    return report(order, in_fresh=order.in_fresh + order.in_written, in_written=0)


def _create_chunks(asked: Asked) -> list[dict[str, Any]]:
    """Usage is repeated on every chunk, its output growing."""
    order = asked.order
    chunks = [
        _create_document(asked, order.chunk_text, None, _create_usage(order, share, order.chunks))
        for share in range(order.chunks)
    ]
    return [*chunks, _create_document(asked, "", "STOP", _create_usage(order))]


def _create_document(
    asked: Asked, text: str, reason: str | None, usage: dict[str, Any]
) -> dict[str, Any]:
    ending = {"finishReason": reason} if reason else {}
    content = {"parts": [{"text": text}], "role": "model"}
    document = {
        "candidates": [
            {"content": content, "index": index, **ending} for index in range(asked.choices)
        ],
        "modelVersion": asked.model_told,
        "responseId": "mock",
    }
    return _add_usage(document, usage, asked.order)


def _add_usage(document: dict[str, Any], usage: dict[str, Any], order: Order) -> dict[str, Any]:
    if order.usage == "absent":
        return document
    return document | {"usageMetadata": distort(usage, order.usage)}


def _create_usage(order: Order, share: int = 1, of: int = 1) -> dict[str, Any]:
    prompt = order.in_fresh + order.in_cached + order.in_written
    visible, thoughts = order.out_visible * share // of, order.out_reasoning * share // of
    cached = {"cachedContentTokenCount": order.in_cached} if order.in_cached else {}
    return {
        "promptTokenCount": prompt,
        "candidatesTokenCount": visible,
        **cached,
        **({"thoughtsTokenCount": thoughts} if thoughts else {}),
        "totalTokenCount": prompt + visible + thoughts,
    }
