"""How much text an answer's bytes hold, found without decoding them."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

_STRING: Final = rb' ?"([^"\\]*+(?:\\.[^"\\]*+)*+)'
_BETWEEN: Final = b'"'  # in no text as it is written, so escapes of two never run together


def count_text_bytes(data: bytes, keys: tuple[bytes, ...]) -> int:
    """About how many UTF-8 bytes of text stand behind the first of these keys that has any.

    Args:
        data: JSON, or a part of it; strings that end outside count up to the end.
        keys: as in b'content":', without the first quote so that longer names count too.
    """
    for key in keys:
        texts = _create_finder(key)(data)
        written = _BETWEEN.join(texts)
        if len(written) >= len(texts) > 0:
            return len(written) - len(texts) + 1 - _count_escapes(written)
    return 0


def has_member(data: bytes, name: bytes, first: bytes) -> bool:
    """Whether a member of this name has a value that starts so; text cannot look like one.

    Args:
        data: JSON, or events of it.
        name: in quotes, which a JSON string would hold escaped.
        first: the first byte of the value, which is not null.
    """
    found = data.count(name)
    if found == 0 or found == data.count(name + b":null"):  # as most events say it
        return False
    at = data.find(name)
    while at >= 0:
        start = at + len(name)
        if data[start : start + 16].lstrip(b": \t\r\n")[:1] == first:
            return True
        at = data.find(name, start)
    return False


@lru_cache(maxsize=64)
def _create_finder(key: bytes) -> Callable[[bytes], list[bytes]]:
    """Finds the strings behind a key, as they are written."""
    return re.compile(re.escape(key) + _STRING, re.DOTALL).findall


def _count_escapes(written: bytes) -> int:
    """By how much the text is shorter than it is written: an escape is one byte, or about two."""
    if b"\\" not in written:
        return 0
    escapes = written.count(b"\\") - written.count(b"\\\\")
    return escapes + 3 * written.count(b"\\u")
