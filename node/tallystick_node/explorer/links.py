"""Addresses of pages with parameters, escaped for URLs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, urlencode

_PAGE_BY_KIND: Final = {
    "transaction": "/transactions/",
    "block": "/blocks/",
    "batch": "/batches/",
    "account": "/accounts/",
    "meter": "/meters/",
}


def link_page(path: str, parameters: Mapping[str, object]) -> str:
    """A page with those parameters that are set."""
    chosen = {name: value for name, value in parameters.items() if value not in {None, ""}}
    return f"{path}?{urlencode(chosen)}" if chosen else path


def link_usage(**parameters: object) -> str:
    """The usage page."""
    return link_page("/usage", parameters)


def link_account(path: str) -> str:
    """An account's page; unknown ids (`#7`) have none."""
    return "" if path.startswith("#") else f"/accounts/{quote(path)}"


def link_found(kind: str, key: str) -> str:
    """The page of something that a search found."""
    if kind == "resource":
        return link_usage(resource=key)
    if kind == "validator":
        return "/validators"
    return _PAGE_BY_KIND[kind] + quote(key)
