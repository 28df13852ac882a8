"""The HTTP library below an official client: `httpx2`, or `httpx` of which it is the successor.

Both have the same classes under the same names; whichever a client was built with is used.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any, Final

LIBRARIES: Final = ("httpx2", "httpx")

HttpClient = Any
"""A client of one of the libraries."""


def find_library(http: HttpClient) -> tuple[ModuleType, bool] | None:
    """The library that an HTTP client is of, and whether it is async; None if it is of neither."""
    for name in LIBRARIES:
        library = sys.modules.get(name)
        if library is None:
            continue
        if isinstance(http, library.Client):
            return library, False
        if isinstance(http, library.AsyncClient):
            return library, True
    return None
