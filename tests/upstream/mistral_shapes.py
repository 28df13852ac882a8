"""Mistral's answers: OpenAI's routes, usage on the last chunk without being asked."""

from __future__ import annotations

from typing import Any

from tests.upstream.answers import (
    CREATED_S,
    Answer,
    Asked,
    encode,
    encode_event,
    plain,
    report,
    report_sums,
    stream,
    with_usage,
)
from tests.upstream.orders import Order, distort

NAMES = ("mistral", "ministral", "codestral", "magistral", "devstral")


def is_mistral(model: str, order: Order) -> bool:
    """Whether OpenAI's routes answer in these shapes."""
    return order.provider == "mistral" or (not order.provider and model.startswith(NAMES))


def answer_chat(asked: Asked) -> Answer:
    """POST /v1/chat/completions and /v1/fim/completions."""
    order = asked.order
    usage = distort(_create_usage(order), order.usage)
    if not asked.is_stream:
        message = {
            "role": "assistant",
            "content": order.chunk_text * order.chunks,
            "tool_calls": None,
            "prefix": False,
        }
        choices = [
            {"index": index, "message": message, "finish_reason": "stop"}
            for index in range(asked.choices)
        ]
        document = _create_head(asked, "chat.completion") | {"choices": choices}
        return plain(with_usage(document, usage, order), report_sums(order))
    head = _create_head(asked, "chat.completion.chunk")
    end = order.line_end.encode()
    pieces = [
        *(
            encode_event(head | {"choices": [_create_delta(order.chunk_text, None)]}, order)
            for _ in range(order.chunks)
        ),
        encode_event(
            with_usage(head | {"choices": [_create_delta("", "stop")]}, usage, order), order
        ),
        b"data: [DONE]" + end + end,
    ]
    return stream(pieces, report_sums(order), -2)


def answer_embedding(asked: Asked) -> Answer:
    """POST /v1/embeddings."""
    order = asked.order
    usage = _create_usage(order) | {"completion_tokens": 0, "total_tokens": order.in_tokens}
    document = _create_head(asked, "list") | {
        "data": [{"object": "embedding", "index": 0, "embedding": [0.125, -0.5, 0.25]}]
    }
    reported = report(
        order, in_fresh=order.in_tokens, in_cached=0, in_written=0, out_visible=0, out_reasoning=0
    )
    return plain(with_usage(document, distort(usage, order.usage), order), reported)


def answer_error(status: int) -> bytes:
    """The body of an error."""
    return encode(
        {"object": "error", "message": "mock error", "type": "mock", "param": None, "code": status}
    )


def _create_delta(text: str, reason: str | None) -> dict[str, Any]:
    return {"index": 0, "delta": {"role": "assistant", "content": text}, "finish_reason": reason}


def _create_head(asked: Asked, kind: str) -> dict[str, Any]:
    return {"id": "mock", "object": kind, "created": CREATED_S, "model": asked.model_told}


def _create_usage(order: Order) -> dict[str, Any]:
    return {
        "prompt_tokens": order.in_tokens,
        "completion_tokens": order.out_tokens,
        "total_tokens": order.in_tokens + order.out_tokens,
    }
