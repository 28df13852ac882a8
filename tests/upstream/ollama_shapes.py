"""Ollama's answers: chat, generate, embed; durations in nanoseconds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from tests.upstream.answers import Answer, Asked, encode, report, report_sums, stream
from tests.upstream.orders import Order, distort

CREATED: Final = "2026-11-01T12:00:00.000000Z"
NDJSON: Final = "application/x-ndjson"


def answer_chat(asked: Asked) -> Answer:
    """POST /api/chat."""
    return _answer(asked, lambda text: {"message": {"role": "assistant", "content": text}})


def answer_generate(asked: Asked) -> Answer:
    """POST /api/generate."""
    return _answer(asked, lambda text: {"response": text})


def answer_embedding(asked: Asked) -> Answer:
    """POST /api/embed."""
    order = asked.order
    counts = {"prompt_eval_count": order.in_tokens, "total_duration": 900_000}
    document = {"model": asked.model_told, "embeddings": [[0.125, -0.5, 0.25]]}
    reported = report(
        order, in_fresh=order.in_tokens, in_cached=0, in_written=0, out_visible=0, out_reasoning=0
    )
    return Answer((encode(document | _distort(counts, order)),), reported=reported)


def answer_error(status: int) -> bytes:
    """The body of an error."""
    return encode({"error": f"mock error {status}"})


def _answer(asked: Asked, create: Callable[[str], dict[str, Any]]) -> Answer:
    order, head = asked.order, {"model": asked.model_told, "created_at": CREATED}
    ending = {"done_reason": "stop", "done": True, **_distort(_create_counts(order), order)}
    if not asked.is_stream:
        document = head | create(order.chunk_text * order.chunks) | ending
        return Answer((encode(document),), reported=report_sums(order))
    pieces = [
        *(encode(head | create(order.chunk_text) | {"done": False}) for _ in range(order.chunks)),
        encode(head | create("") | ending),
    ]
    return stream([piece + b"\n" for piece in pieces], report_sums(order), -1, NDJSON)


def _create_counts(order: Order) -> dict[str, Any]:
    return {
        "prompt_eval_count": order.in_tokens,
        "eval_count": order.out_tokens,
        "prompt_eval_duration": 20_000_000,
        "eval_duration": 300_000_000,
        "load_duration": 1_000_000,
        "total_duration": 325_000_000,
    }


def _distort(counts: dict[str, Any], order: Order) -> dict[str, Any]:
    return distort(counts, order.usage) or {}
