"""Whether what a call shows a model is text, whose size bounds its LLM tokens."""

from __future__ import annotations


def has_only_parts(content: object, kinds: frozenset[str]) -> bool:
    """Whether a content list holds nothing but texts and parts of these types."""
    return isinstance(content, list) and all(_is_of(part, kinds) for part in content)


def has_only_own_tools(tools: object, kinds: frozenset[str]) -> bool:
    """Whether all tools run at the caller's: what a provider's tools fetch, the model reads too."""
    return tools is None or has_only_parts(tools, kinds)


def _is_of(part: object, kinds: frozenset[str]) -> bool:
    if not isinstance(part, dict):
        return isinstance(part, str)
    kind = part.get("type")
    return isinstance(kind, str) and kind in kinds
