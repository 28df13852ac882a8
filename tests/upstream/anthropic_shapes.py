"""Anthropic's answers: messages and errors."""

from __future__ import annotations

from typing import Any

from tests.upstream.answers import (
    Answer,
    Asked,
    encode,
    encode_event,
    plain,
    report,
    stream,
    with_usage,
)
from tests.upstream.orders import Order, distort


def answer_message(asked: Asked) -> Answer:
    """POST /v1/messages."""
    order = asked.order
    text = order.chunk_text * order.chunks
    usage = distort(_create_input(order) | _create_output(order), order.usage)
    if not asked.is_stream:
        content = [{"type": "text", "text": text}]
        return plain(
            with_usage(_create_message(asked, content, "end_turn"), usage, order), report(order)
        )
    first = (
        {"output_tokens": 1} if order.usage_late else _create_input(order) | {"output_tokens": 1}
    )
    begun = with_usage(_create_message(asked, [], None), distort(first, order.usage), order)
    last = usage if order.usage_late else distort(_create_output(order), order.usage)
    documents: list[dict[str, Any]] = [
        {"type": "message_start", "message": begun},
        {
            "type": "content_block_start",
            "index": 0,
            "content_block": {"type": "text", "text": ""},
        },
        {"type": "ping"},
        *(
            {
                "type": "content_block_delta",
                "index": 0,
                "delta": {"type": "text_delta", "text": order.chunk_text},
            }
            for _ in range(order.chunks)
        ),
        {"type": "content_block_stop", "index": 0},
        with_usage(
            {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}},
            last,
            order,
        ),
        {"type": "message_stop"},
    ]
    pieces = [encode_event(document, order, document["type"]) for document in documents]
    return stream(pieces, report(order), -2)


def answer_error(status: int) -> bytes:
    """The body of an error."""
    kind = {429: "rate_limit_error", 529: "overloaded_error"}.get(status, "api_error")
    return encode({"type": "error", "error": {"type": kind, "message": "mock error"}})


def _create_message(asked: Asked, content: list[Any], reason: str | None) -> dict[str, Any]:
    return {
        "id": "msg_mock",
        "type": "message",
        "role": "assistant",
        "model": asked.model_told,
        "content": content,
        "stop_reason": reason,
        "stop_sequence": None,
    }


def _create_input(order: Order) -> dict[str, Any]:
    return {
        "input_tokens": order.in_fresh,
        "cache_creation_input_tokens": order.in_written,
        "cache_read_input_tokens": order.in_cached,
        "cache_creation": {
            "ephemeral_5m_input_tokens": order.in_written,
            "ephemeral_1h_input_tokens": 0,
        },
        "service_tier": order.tier or "standard",
    }


def _create_output(order: Order) -> dict[str, Any]:
    return {
        "output_tokens": order.out_tokens,
        "output_tokens_details": {"thinking_tokens": order.out_reasoning},
    }
