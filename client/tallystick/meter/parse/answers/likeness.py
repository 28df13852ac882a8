"""Events that differ from an earlier one of their stream by nothing but their text."""

from __future__ import annotations

import re
from typing import Final

_MAX_LESSONS: Final = 4
_TEXT: Final = re.compile(rb'[^"\\\r\n]++')


class Likeness:
    """What stands around the text of a stream's events, which providers repeat byte for byte.

    An event that was seen to hold nothing but text teaches it. Where the events of a stream are
    too different, by a time or by padding, it is given up after a few.

    Args:
        keys: what stands before text in a stream (texts.py).
    """

    __slots__ = ("_after", "_before", "_keys", "_lessons")

    def __init__(self, keys: tuple[bytes, ...]) -> None:
        self._keys = keys
        self._before = self._after = b""
        self._lessons = 0

    def count_text(self, data: bytes) -> int:
        """Bytes of text in a read that is like the known event; -1 where it is not.

        Args:
            data: one read, with nothing pending before it.
        """
        before, after = self._before, self._after
        if not before or not data.startswith(before) or not data.endswith(after):
            return -1
        start, end = len(before), len(data) - len(after)
        return end - start if _TEXT.fullmatch(data, start, end) is not None else -1

    def learn(self, data: bytes) -> None:
        """Reads like this one are known from now on, if it holds one text.

        Args:
            data: whole events without usage or the end.
        """
        if self._lessons >= _MAX_LESSONS or data.startswith(self._before or b"\n"):
            return
        self._lessons += 1
        for key in self._keys:
            head, found, tail = data.partition(key)
            if found:
                if key not in tail:
                    self._keep(head + found, tail)
                return

    def _keep(self, head: bytes, tail: bytes) -> None:
        start = len(tail) - len(tail.lstrip(b" "))
        if tail[start : start + 1] != b'"':
            return
        end = tail.find(b'"', start + 1)
        text = tail[start + 1 : end]
        if end > 0 and text and b"\\" not in text:
            self._before, self._after = head + tail[: start + 1], tail[end:]
