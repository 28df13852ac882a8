"""Which headers pass the gateway, in both directions (RFC 9110 section 7.6.1)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

_HOP_BY_HOP: Final = {
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-authentication-info",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}

CREDENTIAL_HEADERS: Final = ("authorization", "x-api-key", "api-key", "x-goog-api-key")

_NOT_SENT: Final = frozenset(
    {
        *_HOP_BY_HOP,
        *CREDENTIAL_HEADERS,
        # Of the connection to us, or replaced on the way.
        "host",
        "content-length",
        "content-encoding",
        "accept-encoding",
        "expect",
        # Who called us is nobody's business upstream.
        "cookie",
        "forwarded",
        "via",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
        "x-real-ip",
    }
)
_NOT_ANSWERED: Final = frozenset(
    {
        *_HOP_BY_HOP,
        "content-length",
        "date",
        "server",
        # An upstream's cookies belong to the gateway, and clients share them no further.
        "set-cookie",
        "alt-svc",
        "strict-transport-security",
    }
)
OWN_PREFIX: Final = "x-tallystick-"


def select_sent(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The headers of a call that its upstream sees, in order; credentials are not among them."""
    return _select(headers, _NOT_SENT)


def select_answered(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The headers of an answer that the client sees, in order."""
    return _select(headers, _NOT_ANSWERED)


def _select(headers: Iterable[tuple[str, str]], dropped: frozenset[str]) -> list[tuple[str, str]]:
    kept = []
    named: str | None = None
    for name, value in headers:
        lower = name.lower()
        if lower == "connection":
            named = f"{named},{value}" if named else value
        elif lower not in dropped and not lower.startswith(OWN_PREFIX):
            kept.append((name, value))
    return _without_named(kept, named) if named else kept


def _without_named(kept: list[tuple[str, str]], connection: str) -> list[tuple[str, str]]:
    """Drop what the Connection header names: it was meant for the next hop only."""
    named = {token.strip().lower() for token in connection.split(",")}
    if named <= {"keep-alive", "close", ""}:
        return kept
    return [(name, value) for name, value in kept if name.lower() not in named]
