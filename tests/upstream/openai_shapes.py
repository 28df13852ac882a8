"""OpenAI's answers: chat, completions, responses, embeddings, models, errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from tests.upstream.answers import (
    CREATED_S,
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

MESSAGE_ID: Final = "msg_mock"

CreateChoice = Callable[[int, str, str | None], dict[str, Any]]


def answer_chat(asked: Asked) -> Answer:
    """POST /v1/chat/completions."""
    order = asked.order
    if asked.is_stream:
        return _stream_choices(asked, "chat.completion.chunk", _create_delta)
    choices: list[dict[str, Any]] = [
        {
            "index": index,
            "message": {
                "role": "assistant",
                "content": order.chunk_text * order.chunks,
                "refusal": None,
                "annotations": [],
            },
            "logprobs": None,
            "finish_reason": "stop",
        }
        for index in range(asked.choices)
    ]
    return _complete_choices(asked, "chat.completion", choices)


def answer_completion(asked: Asked) -> Answer:
    """POST /v1/completions."""
    order = asked.order
    if asked.is_stream:
        return _stream_choices(asked, "text_completion", _create_text)
    choices = [
        {
            "text": order.chunk_text * order.chunks,
            "index": index,
            "logprobs": None,
            "finish_reason": "stop",
        }
        for index in range(asked.choices)
    ]
    return _complete_choices(asked, "text_completion", choices)


def answer_embedding(asked: Asked) -> Answer:
    """POST /v1/embeddings."""
    order = asked.order
    usage = {"prompt_tokens": order.in_tokens, "total_tokens": order.in_tokens}
    document = {
        "object": "list",
        "data": [{"object": "embedding", "index": 0, "embedding": [0.125, -0.5, 0.25]}],
        "model": asked.model_told,
    }
    reported = report(
        order, in_fresh=order.in_tokens, in_cached=0, in_written=0, out_visible=0, out_reasoning=0
    )
    return plain(with_usage(document, distort(usage, order.usage), order), reported)


def answer_response(asked: Asked) -> Answer:
    """POST /v1/responses."""
    order = asked.order
    usage = distort(_create_response_usage(order), order.usage)
    text = order.chunk_text * order.chunks
    done = with_usage(_create_response(asked, "completed", [_create_message(text)]), usage, order)
    if not asked.is_stream:
        return plain(done, report(order))
    begun = _create_response(asked, "in_progress", []) | {"usage": None}
    place: dict[str, Any] = {"item_id": MESSAGE_ID, "output_index": 0, "content_index": 0}
    part = {"type": "output_text", "text": text, "annotations": []}
    documents: list[dict[str, Any]] = [
        {"type": "response.created", "response": begun},
        {"type": "response.in_progress", "response": begun},
        {
            "type": "response.output_item.added",
            "output_index": 0,
            "item": _create_message("") | {"status": "in_progress", "content": []},
        },
        place | {"type": "response.content_part.added", "part": part | {"text": ""}},
        *(
            place
            | {"type": "response.output_text.delta", "delta": order.chunk_text, "logprobs": []}
            for _ in range(order.chunks)
        ),
        place | {"type": "response.output_text.done", "text": text, "logprobs": []},
        place | {"type": "response.content_part.done", "part": part},
        {"type": "response.output_item.done", "output_index": 0, "item": _create_message(text)},
        {"type": "response.completed", "response": done},
    ]
    pieces = [
        encode_event(document | {"sequence_number": number}, order, document["type"])
        for number, document in enumerate(documents)
    ]
    return stream(pieces, report(order), -1)


def answer_error(status: int) -> bytes:
    """The body of an error."""
    kind = "rate_limit_exceeded" if status == 429 else "server_error"
    return encode(
        {"error": {"message": "mock error", "type": kind, "param": None, "code": kind}},
    )


def _complete_choices(asked: Asked, kind: str, choices: list[dict[str, Any]]) -> Answer:
    order = asked.order
    document = _create_head(asked, kind) | {"choices": choices}
    return plain(
        with_usage(document, distort(_create_usage(order), order.usage), order), report(order)
    )


def _stream_choices(asked: Asked, kind: str, create: CreateChoice) -> Answer:
    """Chunks, the one that ends them, the usage where it was asked for, and [DONE]."""
    order, head = asked.order, _create_head(asked, kind)
    usage = distort(_create_usage(order), order.usage)
    shows = asked.wants_usage or order.usage_running
    chunk_usage: dict[str, Any] = {}
    if shows and order.usage != "absent":
        chunk_usage = {"usage": usage if order.usage_running else None}
    pieces = [
        encode_event(head | {"choices": [create(index, text, reason)]} | chunk_usage, order)
        for text, reason in [*[(order.chunk_text, None)] * order.chunks, ("", "stop")]
        for index in range(asked.choices)
    ]
    end = order.line_end.encode()
    done = b"data: [DONE]" + end + end
    if not asked.wants_usage:
        reported = report(order) if order.usage_running else None
        return stream([*pieces, done], reported, -2)
    last = encode_event(with_usage(head | {"choices": []}, usage, order), order)
    return stream([*pieces, last, done], report(order), -2)


def _create_head(asked: Asked, kind: str) -> dict[str, Any]:
    tier = {"service_tier": asked.order.tier} if asked.order.tier else {"service_tier": "default"}
    return {
        "id": "chatcmpl-mock" if kind.startswith("chat") else "cmpl-mock",
        "object": kind,
        "created": CREATED_S,
        "model": asked.model_told,
        **tier,
        "system_fingerprint": "fp_mock",
    }


def _create_delta(index: int, text: str, reason: str | None) -> dict[str, Any]:
    delta = {"content": text} if text else {}
    return {"index": index, "delta": delta, "logprobs": None, "finish_reason": reason}


def _create_text(index: int, text: str, reason: str | None) -> dict[str, Any]:
    return {"text": text, "index": index, "logprobs": None, "finish_reason": reason}


def _create_usage(order: Order) -> dict[str, Any]:
    written = {"cache_write_tokens": order.in_written} if order.in_written else {}
    return {
        "prompt_tokens": order.in_tokens,
        "completion_tokens": order.out_tokens,
        "total_tokens": order.in_tokens + order.out_tokens,
        "prompt_tokens_details": {"cached_tokens": order.in_cached, "audio_tokens": 0, **written},
        "completion_tokens_details": {
            "reasoning_tokens": order.out_reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def _create_response_usage(order: Order) -> dict[str, Any]:
    return {
        "input_tokens": order.in_tokens,
        "input_tokens_details": {
            "cached_tokens": order.in_cached,
            "cache_write_tokens": order.in_written,
        },
        "output_tokens": order.out_tokens,
        "output_tokens_details": {"reasoning_tokens": order.out_reasoning},
        "total_tokens": order.in_tokens + order.out_tokens,
    }


def _create_message(text: str) -> dict[str, Any]:
    return {
        "id": MESSAGE_ID,
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": [{"type": "output_text", "text": text, "annotations": []}],
    }


def _create_response(asked: Asked, status: str, output: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": "resp_mock",
        "object": "response",
        "created_at": CREATED_S,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "model": asked.model_told,
        "output": output,
        "parallel_tool_calls": True,
        "service_tier": asked.order.tier or "default",
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
    }
