"""What a request may ask of the mock upstream: how much was used, and how the answer goes wrong."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final, Literal

import msgspec

ORDER_HEADER: Final = b"x-mock"
"""A JSON object of the fields below; it wins over every other order."""

Usage = Literal["reported", "absent", "null", "malformed", "negative", "absurd", "mismatch"]


class Order(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One answer to order; the defaults are a plain success."""

    in_fresh: int = 21
    in_cached: int = 0
    in_written: int = 0
    out_visible: int = 9
    out_reasoning: int = 0
    usage: Usage = "reported"
    usage_late: bool = False
    """Anthropic streams: the input side comes with message_delta only."""
    usage_running: bool = False
    """OpenAI streams: usage on every chunk, as vLLM's continuous_usage_stats."""
    refuses_usage_option: bool = False
    """stream_options is answered with 400, as upstreams do that do not know it."""
    tier: str = ""
    answer_model: str = ""
    """The model that the answer names; "" = the one that was asked for."""
    provider: str = ""
    """"mistral" gives OpenAI's routes Mistral's shapes; so do models named like Mistral's."""
    chunks: int = 5
    """Of text, in a stream."""
    chunk_text: str = "tick "
    delay_ms: int = 0
    """Between two pieces of a stream; 0 = all are written at once."""
    first_byte_ms: int = 0
    status: int = 200
    """An error in the provider's shape when it is not 200."""
    cut_after: int | None = None
    """Pieces of a stream after which the connection is closed without an end."""
    cuts_inside: bool = False
    """With `cut_after`: half of the next piece still goes out."""
    stall_after: int | None = None
    """Pieces after which nothing more comes and the connection stays open."""
    drop: bool = False
    """The connection is closed before any byte of the answer."""
    compresses: bool = False
    """gzip, whatever the request accepts."""
    split_bytes: int = 0
    """Streams leave in pieces of this many bytes, whatever they cut through; 0 = one per event."""
    line_end: str = "\n"
    body: str | None = None
    """Exactly this is answered, as `content_type`."""
    content_type: str = "application/json"

    @property
    def in_tokens(self) -> int:
        """All of the input."""
        return self.in_fresh + self.in_cached + self.in_written

    @property
    def out_tokens(self) -> int:
        """All of the output."""
        return self.out_visible + self.out_reasoning


@lru_cache(maxsize=1024)
def decode_order(text: bytes) -> Order:
    """The order as JSON says it."""
    return msgspec.json.decode(text, type=Order)


def distort(usage: dict[str, Any], kind: Usage) -> dict[str, Any] | None:
    """The usage object as ordered; None = it is not in the answer, or null."""
    counts = [name for name, value in usage.items() if type(value) is int]
    match kind:
        case "absent" | "null":
            return None
        case "malformed":
            return usage | dict.fromkeys(counts, "many")
        case "negative":
            return usage | {counts[0]: -5}
        case "absurd":
            return usage | {counts[0]: 10**30}
        case "mismatch":
            return usage | {counts[-1]: usage[counts[-1]] + 5}
        case _:
            return usage
