"""What a call probably used, where its provider did not say."""

from __future__ import annotations

from typing import Final

from tallystick.core.usage import Flag
from tallystick.meter.parse.reading import Reading

BYTES_PER_TOKEN: Final = 4
"""Of English text, as OpenAI's and Anthropic's documentation put it; other text has fewer."""


def estimate_reading(
    input_bytes: int,
    output_bytes: int,
    max_output_tokens: int | None,
    *,
    max_input_tokens: int | None = None,
) -> Reading:
    """A reading made from sizes, flagged as estimated.

    Args:
        input_bytes: UTF-8 bytes the model read.
        output_bytes: UTF-8 bytes it produced.
        max_output_tokens: it cannot have produced more; None if no limit is known.
        max_input_tokens: it cannot have read more; None if no limit is known.

    Returns:
        LLM tokens, 4 bytes each, rounded up and clamped to the limits.
    """
    read = _clamp(-(-max(input_bytes, 0) // BYTES_PER_TOKEN), max_input_tokens)
    produced = _clamp(-(-max(output_bytes, 0) // BYTES_PER_TOKEN), max_output_tokens)
    flags = Flag.ESTIMATED | (Flag.REASONING_NOT_REPORTED if produced else Flag(0))
    return Reading(in_fresh=read, out_visible=produced, flags=flags)


def _clamp(count: int, limit: int | None) -> int:
    return count if limit is None else min(count, max(limit, 0))
