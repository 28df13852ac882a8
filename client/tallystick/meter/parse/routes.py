"""Which dialect is spoken on which path."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

from tallystick.meter.parse.dialects import Dialect, Route
from tallystick.meter.parse.errors import DialectUnknown
from tallystick.meter.parse.providers.anthropic_messages import ANTHROPIC_MESSAGES
from tallystick.meter.parse.providers.bedrock_converse import BEDROCK_CONVERSE
from tallystick.meter.parse.providers.gemini import GEMINI
from tallystick.meter.parse.providers.mistral_chat import MISTRAL_CHAT
from tallystick.meter.parse.providers.mistral_embeddings import MISTRAL_EMBEDDINGS
from tallystick.meter.parse.providers.ollama import OLLAMA
from tallystick.meter.parse.providers.openai_chat import OPENAI_CHAT
from tallystick.meter.parse.providers.openai_completions import OPENAI_COMPLETIONS
from tallystick.meter.parse.providers.openai_embeddings import OPENAI_EMBEDDINGS
from tallystick.meter.parse.providers.openai_responses import OPENAI_RESPONSES

__all__ = ["DIALECTS", "Route", "dialect_for", "find_dialect", "find_route"]

DIALECTS: Final[tuple[Dialect, ...]] = (
    OPENAI_CHAT,
    OPENAI_COMPLETIONS,
    OPENAI_RESPONSES,
    OPENAI_EMBEDDINGS,
    ANTHROPIC_MESSAGES,
    GEMINI,
    MISTRAL_CHAT,
    MISTRAL_EMBEDDINGS,
    OLLAMA,
    BEDROCK_CONVERSE,
)
_BY_NAME: Final = {dialect.name: dialect for dialect in DIALECTS}

_FIXED: Final[dict[str, Dialect]] = {
    "/v1/chat/completions": OPENAI_CHAT,
    "/v1/completions": OPENAI_COMPLETIONS,
    "/v1/responses": OPENAI_RESPONSES,
    "/v1/embeddings": OPENAI_EMBEDDINGS,
    "/v1/messages": ANTHROPIC_MESSAGES,
    "/v1/fim/completions": MISTRAL_CHAT,
    "/api/chat": OLLAMA,
    "/api/generate": OLLAMA,
    "/api/embed": OLLAMA,
}
_MISTRAL: Final[dict[str, Dialect]] = {
    OPENAI_CHAT.name: MISTRAL_CHAT,
    OPENAI_EMBEDDINGS.name: MISTRAL_EMBEDDINGS,
}
_GEMINI_PATH: Final = re.compile(
    r"/v1(?:beta)?/models/([^/]+)(?::|%3[Aa])"
    r"(generateContent|streamGenerateContent|embedContent|batchEmbedContents)"
)
_BEDROCK_PATH: Final = re.compile(r"/model/([^/]+)/(converse|converse-stream)")
_MODEL: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@+-]{0,255}")


def find_route(method: str, path: str) -> Route | None:
    """The route of a call, None where calls could not be metered.

    Args:
        method: of HTTP, in capitals.
        path: as it came, percent-encoded, without the query.
    """
    if method != "POST":
        return None
    dialect = _FIXED.get(path)
    if dialect is not None:
        return Route(dialect, path, None, None)
    return _find_by_model(GEMINI, _GEMINI_PATH, path) or _find_by_model(
        BEDROCK_CONVERSE, _BEDROCK_PATH, path
    )


def dialect_for(route: Route, provider: str) -> Dialect:
    """What is spoken on a route by upstreams of this provider ("openai", "mistral", "vllm"...)."""
    if provider == "mistral":
        return _MISTRAL.get(route.dialect.name, route.dialect)
    return route.dialect


def find_dialect(name: str) -> Dialect:
    """The dialect of this name.

    Raises:
        DialectUnknown: there is none.
    """
    try:
        return _BY_NAME[name]
    except KeyError:
        known = ", ".join(_BY_NAME)
        raise DialectUnknown("no such dialect", expected=known, actual=name[:80]) from None


def _find_by_model(dialect: Dialect, pattern: re.Pattern[str], path: str) -> Route | None:
    """The route of a path that names its model, as a whole segment and nothing but a name."""
    match = pattern.fullmatch(path)
    if match is None:
        return None
    model = unquote(match[1])
    if _MODEL.fullmatch(model) is None:
        return None
    is_stream = match[2] in {"streamGenerateContent", "converse-stream"}
    return Route(dialect, path, model, is_stream)
