"""Where clients put their key, and where upstreams expect theirs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote_plus

from tallystick.meter.gateway.offers import Upstream

_BEARER: Final = "bearer "
_KEY_PARAMETER: Final = "key"
MAX_SECRET_CHARS: Final = 512

_HEADER_BY_PROVIDER: Final = {"anthropic": "x-api-key", "gemini": "x-goog-api-key"}


def read_secret(headers: Mapping[str, str], query: str) -> str:
    """The secret that a call shows, or "".

    The official clients of OpenAI, Mistral and Ollama send `Authorization: Bearer`, Anthropic's
    `x-api-key`, Azure's `api-key`, Google's `x-goog-api-key` or `?key=`.

    Args:
        headers: of the call, by name in any case.
        query: of the call, raw, without the question mark.
    """
    authorization = headers.get("Authorization", "")
    if authorization[: len(_BEARER)].lower() == _BEARER:
        return authorization[len(_BEARER) :].strip()[:MAX_SECRET_CHARS]
    for name in ("x-api-key", "api-key", "x-goog-api-key"):
        if secret := headers.get(name):
            return secret[:MAX_SECRET_CHARS]
    return _read_parameter(query) if query else ""


def drop_key_parameter(query: str) -> str:
    """The query without the client's key, otherwise as it came."""
    if not query:
        return ""
    return "&".join(part for part in query.split("&") if not _is_key(part))


def create_upstream_headers(upstream: Upstream) -> list[tuple[str, str]]:
    """The headers by which an upstream knows the gateway, in its provider's own style."""
    key = upstream.api_key.reveal()
    if not key:
        return []
    name = _HEADER_BY_PROVIDER.get(upstream.provider)
    return [(name, key)] if name else [("Authorization", f"Bearer {key}")]


def _is_key(part: str) -> bool:
    return unquote_plus(part.partition("=")[0]) == _KEY_PARAMETER


def _read_parameter(query: str) -> str:
    for part in query.split("&"):
        if _is_key(part):
            return unquote_plus(part.partition("=")[2])[:MAX_SECRET_CHARS]
    return ""
