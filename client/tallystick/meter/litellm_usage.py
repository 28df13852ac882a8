"""Usage objects as LiteLLM hands them on: mostly OpenAI's shape, with additions of its own.

LiteLLM's `prompt_tokens` include what was read from and written to a cache, for every provider; for
Anthropic it adds the two up itself and repeats them beside the OpenAI details. Calls that it passes
through untouched keep the provider's own shape.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tallystick.meter.parse.documents import read_usage_document
from tallystick.meter.parse.reading import Reading

Usage = Mapping[str, Any]

CHAT: Final = "openai-chat"
RESPONSES: Final = "openai-responses"
ANTHROPIC: Final = "anthropic-messages"
GEMINI: Final = "gemini"

_CACHED: Final = ("cached_tokens", "cache_read_tokens")
_WRITTEN: Final = ("cache_write_tokens", "cache_creation_tokens")


def read_litellm_usage(usage: Usage, *, model: str = "", tier: str = "") -> Reading:
    """What a usage object says was used.

    Args:
        usage: `metadata.usage_object` of a log entry.
        model: as the log names it.
        tier: as the log names it.

    Raises:
        UsageMalformed: a count is none, or the object has no counts.
    """
    dialect = find_usage_dialect(usage)
    document = normalise_chat_usage(usage) if dialect == CHAT else usage
    return read_usage_document(dialect, document, model=model, tier=tier)


def find_usage_dialect(usage: Usage) -> str:
    """Whose shape a usage object has; OpenAI's chat where it is nobody else's."""
    if "promptTokenCount" in usage:
        return GEMINI
    if "input_tokens" not in usage:
        return CHAT
    is_responses = "input_tokens_details" in usage or "total_tokens" in usage
    return RESPONSES if is_responses else ANTHROPIC


def normalise_chat_usage(usage: Usage) -> dict[str, Any]:
    """The object in OpenAI's own words: cache counts where OpenAI has them, each once."""
    details = usage.get("prompt_tokens_details")
    details = dict(details) if isinstance(details, Mapping) else {}
    cached = _find_first(details, _CACHED, usage.get("cache_read_input_tokens"))
    written = _find_first(details, _WRITTEN, usage.get("cache_creation_input_tokens"))
    for name in (*_CACHED, *_WRITTEN):
        details.pop(name, None)
    if cached is not None:
        details["cached_tokens"] = cached
    if written is not None:
        details["cache_write_tokens"] = written
    return {**usage, "prompt_tokens_details": details}


def _find_first(details: Usage, names: tuple[str, ...], otherwise: object) -> object:
    """The first count that is there and not 0, else 0 where any was there."""
    candidates = (*(details.get(name) for name in names), otherwise)
    found = [value for value in candidates if value is not None]
    return next((value for value in found if value), found[0] if found else None)
