"""How deep a document may nest before Python refuses it: as deep as Python starts with."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import Final

PYTHONS_OWN: Final = 1_000
RAISED: Final = 100_000


def keep_recursion_limit() -> None:
    """Documents that nest too deeply raise RecursionError, whatever is imported from now on.

    py_ecc, which eth-account and web3 bring along, raises the limit of the whole process when it is
    imported. A decoder in C then follows 100,000 open brackets of a stranger off the end of its
    stack, and the process is gone. It is imported here, which happens once, and taken back.
    """
    with suppress(ImportError):  # eth-account may do without it one day
        import py_ecc  # noqa: F401, PLC0415 - only so that it is done
    if sys.getrecursionlimit() == RAISED:
        sys.setrecursionlimit(PYTHONS_OWN)
