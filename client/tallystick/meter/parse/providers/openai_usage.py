"""Usage objects in OpenAI's formats, which many other servers speak too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tallystick.core.usage import Flag
from tallystick.meter.parse.counts import Side, create_reading, read_count, require_count
from tallystick.meter.parse.errors import UsageMalformed
from tallystick.meter.parse.reading import NO_FLAGS, Reading


@dataclass(frozen=True, slots=True)
class FieldNames:
    """How a format calls its counts; dots lead into objects inside.

    Args:
        read: input total.
        cached: inside the input total, the first that is there counts.
        written: inside the input total.
        produced: output total.
        reasoning: inside the output total.
        total: of the call.
    """

    read: str
    cached: tuple[str, ...]
    written: str
    produced: str
    reasoning: str
    total: str


CHAT = FieldNames(
    "prompt_tokens",
    ("prompt_tokens_details.cached_tokens", "prompt_cache_hit_tokens", "cached_tokens"),
    "prompt_tokens_details.cache_write_tokens",
    "completion_tokens",
    "completion_tokens_details.reasoning_tokens",
    "total_tokens",
)
"""Chat and plain completions: `openai.types.CompletionUsage`, and how DeepSeek and Moonshot say
what was cached."""

RESPONSES = FieldNames(
    "input_tokens",
    ("input_tokens_details.cached_tokens",),
    "input_tokens_details.cache_write_tokens",
    "output_tokens",
    "output_tokens_details.reasoning_tokens",
    "total_tokens",
)
"""`openai.types.responses.ResponseUsage`."""

MISTRAL = FieldNames(
    "prompt_tokens",
    (
        "prompt_tokens_details.cached_tokens",
        "prompt_token_details.cached_tokens",
        "num_cached_tokens",
    ),
    "prompt_tokens_details.cache_write_tokens",
    "completion_tokens",
    "completion_tokens_details.reasoning_tokens",
    "total_tokens",
)
"""`mistralai.client.models.UsageInfo`, which lets further fields through."""


def read_openai_usage(usage: Mapping[str, object], names: FieldNames) -> Reading:
    """The disjoint counts of a usage object in one of OpenAI's formats.

    Cached, written and reasoning tokens lie inside the totals. A side that is missing is what the
    call's total leaves for it.

    Raises:
        UsageMalformed: a count is none, or a side cannot be told.
    """
    total = read_count(usage, names.total)
    read, produced = read_count(usage, names.read), read_count(usage, names.produced)
    if read is None:
        read = _derive(names.read, total, produced)
    elif produced is None:
        produced = _derive(names.produced, total, read)
    cached = next(
        (found for name in names.cached if (found := read_count(usage, name)) is not None), 0
    )
    reasoning = read_count(usage, names.reasoning)
    return create_reading(
        Side(read, (cached, read_count(usage, names.written) or 0)),
        Side(produced or 0, (reasoning or 0,)),
        total,
        is_reasoning_reported=reasoning is not None,
    )


def read_embedding_usage(usage: Mapping[str, object]) -> Reading:
    """The counts of an embedding, which produces no LLM tokens.

    Raises:
        UsageMalformed: a count is none, or all are missing.
    """
    total = read_count(usage, "total_tokens")
    read = read_count(usage, "prompt_tokens")
    if read is None:
        read = require_count(usage, "total_tokens")
    produced = read_count(usage, "completion_tokens") or 0
    adds_up = total is None or total == read + produced
    return Reading(
        in_fresh=read,
        out_visible=produced,
        flags=NO_FLAGS if adds_up else Flag.USAGE_MISMATCH,
    )


def _derive(field: str, total: int | None, other: int | None) -> int:
    if total is None or other is None or other > total:
        raise UsageMalformed(
            field, expected="a count, or a total to tell it from", actual="nothing"
        )
    return total - other
