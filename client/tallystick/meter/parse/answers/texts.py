"""How much text an answer's bytes hold, found without decoding them."""

from __future__ import annotations

from typing import Final

_BACKSLASH: Final = 0x5C


def count_text_bytes(data: bytes, keys: tuple[bytes, ...]) -> int:
    """About how many UTF-8 bytes of text stand behind the first of these keys that has any.

    Args:
        data: JSON, or a part of it; strings that end outside count up to the end.
        keys: as in b'content":', without the first quote so that longer names count too.
    """
    for key in keys:
        at, count = data.find(key), 0
        while at >= 0:
            start = at + len(key)
            start += data[start : start + 1] == b" "
            end = start + 1
            if data[start:end] == b'"':
                end = data.find(b'"', end)
                if end < 0 or data.find(b"\\", start, end) >= 0:
                    end = _find_end(data, start + 1)
                    count -= _count_escapes(data, start, end)
                count += end - start - 1
            at = data.find(key, end)
        if count:
            return count
    return 0


def has_member(data: bytes, name: bytes, first: bytes) -> bool:
    """Whether a member of this name has a value that starts so; text cannot look like one.

    Args:
        data: JSON, or events of it.
        name: in quotes, which a JSON string would hold escaped.
        first: the first byte of the value.
    """
    at = data.find(name)
    while at >= 0:
        start = at + len(name)
        if data[start : start + 16].lstrip(b": \t\r\n")[:1] == first:
            return True
        at = data.find(name, start)
    return False


def _find_end(data: bytes, start: int) -> int:
    """Where the string's closing quote is."""
    end = data.find(b'"', start)
    while end > start and data[end - 1] == _BACKSLASH:
        before = data[start:end]
        if (len(before) - len(before.rstrip(b"\\"))) % 2 == 0:
            break
        end = data.find(b'"', end + 1)
    return len(data) if end < 0 else end


def _count_escapes(data: bytes, start: int, end: int) -> int:
    """By how much the text is shorter than it is written: an escape is one byte, or about two."""
    escapes = data.count(b"\\", start, end) - data.count(b"\\\\", start, end)
    return escapes + 3 * data.count(b"\\u", start, end)
