"""An answer as it goes over the wire, and what it reports in the ledger's five fields."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tests.upstream.orders import Order

JSON: Final = "application/json"
SSE: Final = "text/event-stream"
FIELDS: Final = ("in_fresh", "in_cached", "in_written", "out_visible", "out_reasoning")
CREATED_S: Final = 1_790_000_000


@dataclass(frozen=True, slots=True)
class Answer:
    """One or more pieces; a plain answer has one."""

    pieces: tuple[bytes, ...]
    content_type: str = JSON
    is_stream: bool = False
    status: int = 200
    reported: Mapping[str, int] | None = None
    """The five fields, once `usage_piece` went out; None = nothing is reported."""
    usage_piece: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """What a shape needs to know of a request."""

    model: str
    is_stream: bool
    wants_usage: bool
    """OpenAI's stream_options.include_usage."""
    choices: int
    order: Order

    @property
    def model_told(self) -> str:
        """The model that the answer names."""
        return self.order.answer_model or self.model


Shape = Callable[[Asked], Answer]


def encode(document: object) -> bytes:
    """Compact JSON, as providers send it."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def encode_event(document: object, order: Order, name: str = "") -> bytes:
    """One server-sent event."""
    end = order.line_end.encode()
    head = b"event: " + name.encode() + end if name else b""
    return head + b"data: " + encode(document) + end + end


def report(order: Order, **instead: int) -> Mapping[str, int] | None:
    """What a right parser reads, where the provider's usage is usable at all.

    Args:
        order: of the answer.
        instead: fields where the provider's wire says less than the order.
    """
    if order.usage not in {"reported", "mismatch"}:
        return None
    return {name: getattr(order, name) for name in FIELDS} | instead


def report_sums(order: Order) -> Mapping[str, int] | None:
    """What is read where the wire knows input and output only."""
    return report(
        order,
        in_fresh=order.in_tokens,
        in_cached=0,
        in_written=0,
        out_visible=order.out_tokens,
        out_reasoning=0,
    )


def plain(document: dict[str, Any], reported: Mapping[str, int] | None) -> Answer:
    """A whole JSON document."""
    return Answer((encode(document),), reported=reported)


def stream(
    pieces: Sequence[bytes],
    reported: Mapping[str, int] | None,
    usage_piece: int,
    content_type: str = SSE,
) -> Answer:
    """A stream; `usage_piece` may count from the end."""
    at = usage_piece % len(pieces)
    return Answer(tuple(pieces), content_type, True, 200, reported, at)


def with_usage(
    document: dict[str, Any], usage: dict[str, Any] | None, order: Order
) -> dict[str, Any]:
    """The document with its usage as ordered: there, null or left out."""
    if order.usage == "absent":
        return document
    return document | {"usage": usage}
