"""Which dialect is spoken on which path."""

from __future__ import annotations

from tallystick.meter.parse.dialects import Dialect, Route

__all__ = ["Route", "dialect_for", "find_dialect", "find_route"]


def find_route(method: str, path: str) -> Route | None:
    """The route of a call, None where calls could not be metered.

    Args:
        method: of HTTP, in capitals.
        path: as it came, percent-encoded, without the query.
    """
    raise NotImplementedError


def dialect_for(route: Route, provider: str) -> Dialect:
    """What is spoken on a route by upstreams of this provider ("openai", "mistral", "vllm"...)."""
    raise NotImplementedError


def find_dialect(name: str) -> Dialect:
    """The dialect of this name.

    Raises:
        DialectUnknown: there is none.
    """
    raise NotImplementedError
