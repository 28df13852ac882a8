"""Spans as both encodings of OTLP bring them: what is read of them, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

Value = str | int | float | bool
"""Of an attribute; arrays and maps are left out, as nothing that is read here is one."""

CLIENT: Final = 3
"""SpanKind of a call to somebody else."""
ERROR: Final = 2
"""StatusCode of a span that failed."""
TRACE_ID_BYTES: Final = 16
SPAN_ID_BYTES: Final = 8
NS_PER_MS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Span:
    """One span.

    Args:
        trace_id: 32 hex digits in lower case.
        span_id: 16 hex digits in lower case.
        kind: SpanKind.
        start_ns: Unix ns, 0 = not said.
        end_ns: Unix ns, 0 = not said.
        is_error: its status says that it failed.
        attributes: its own.
        resource: those of the program that reports it.
    """

    trace_id: str
    span_id: str
    kind: int
    start_ns: int
    end_ns: int
    is_error: bool
    attributes: Mapping[str, Value]
    resource: Mapping[str, Value]

    @property
    def has_identity(self) -> bool:
        """Whether it has ids of the right length that are not all zero."""
        return _is_id(self.trace_id, TRACE_ID_BYTES) and _is_id(self.span_id, SPAN_ID_BYTES)


def _is_id(text: str, size: int) -> bool:
    return len(text) == 2 * size and set(text) <= set("0123456789abcdef") and set(text) != {"0"}
