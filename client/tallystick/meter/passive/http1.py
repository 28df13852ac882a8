"""HTTP/1.1 messages out of one direction of a connection, holes and all (RFC 9112).

This reads what others have agreed on already; it decides nothing, and is lenient where a server
must not be. A message with a hole is given out as far as it came, then the next one is looked for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

MAX_HEAD_BYTES: Final = 64 << 10
MAX_BODY_BYTES: Final = 32 << 20
_REQUEST: Final = re.compile(rb"([A-Z]{3,10}) ([^ \r\n]{1,16384}) HTTP/1\.[01]\r?\n")
_STATUS: Final = re.compile(rb"HTTP/1\.[01] (\d{3})[^\r\n]*\r?\n")
_HEAD_END: Final = re.compile(rb"\r?\n\r?\n")
_TRAILER: Final = re.compile(rb"(?:[^\r\n]+\r?\n)*\r?\n")
_CHUNK_LINE_BYTES: Final = 64
_CHUNK: Final = re.compile(rb"([0-9a-fA-F]{1,8})[^\r\n]*\r?\n")
_NO_BODY: Final = frozenset({204, 304})
_INFORMATIONAL: Final = range(100, 200)


@dataclass(frozen=True, slots=True)
class Message:
    """A request or an answer.

    Args:
        begin_ms: when its first byte was captured, Unix ms.
        end_ms: when its last was.
        method: of a request, "" for an answer.
        target: of a request.
        status: of an answer, 0 for a request.
        headers: names in lower case; of repeated ones, the last.
        body: without its transfer encoding.
        is_whole: nothing is missing.
    """

    begin_ms: int
    end_ms: int
    method: str
    target: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    is_whole: bool


@dataclass(slots=True)
class _Open:
    """A message whose head was read."""

    begin_ms: int
    method: str
    target: str
    status: int
    headers: Mapping[str, str]
    left: int | None
    """Bytes of body to come; None = chunks, or everything up to the connection's end."""
    is_chunked: bool


class MessageReader:
    """Reads one direction.

    Args:
        is_request: whether requests are read, else answers.
    """

    def __init__(self, *, is_request: bool) -> None:
        self._line = _REQUEST if is_request else _STATUS
        self._buffer = bytearray()
        self._body = bytearray()
        self._open: _Open | None = None
        self._is_lost = True
        self._time_ms = 0
        self._first_ms = 0
        self.skipped = 0
        """Bytes that belonged to no message."""
        self.found = 0
        """Messages that were begun."""

    @property
    def size(self) -> int:
        """Bytes that are kept now."""
        return len(self._buffer) + len(self._body)

    def feed(self, data: bytes, time_ms: int) -> list[Message]:
        """Messages that end in these bytes."""
        if not self._buffer:
            self._first_ms = time_ms
        self._time_ms = time_ms
        self._buffer += data
        found: list[Message] = []
        while self._advance(found):
            pass
        return found

    def break_off(self) -> list[Message]:
        """What was begun, cut short: bytes are missing, or the connection has ended."""
        found: list[Message] = []
        if self._open is not None:
            self._body += self._buffer if not self._open.is_chunked else b""
            until_end = self._open.left is None and not self._open.is_chunked
            found.append(self._close(self._open, is_whole=until_end))
        else:
            self.skipped += len(self._buffer)
        self._buffer.clear()
        self._is_lost = True
        return found

    def _advance(self, found: list[Message]) -> bool:
        """Whether another step may find something."""
        message = self._open
        if message is None:
            return self._read_head(found)
        if message.is_chunked:
            return self._read_chunk(message, found)
        return self._read_plain(message, found)

    def _read_head(self, found: list[Message]) -> bool:
        start = self._line.search(self._buffer) if self._is_lost else self._line.match(self._buffer)
        end = _HEAD_END.search(self._buffer, start.start()) if start else None
        if start is None or end is None:
            return self._wait_for_head()
        self.skipped += start.start()
        headers = _read_headers(bytes(self._buffer[start.end() : end.start()]))
        if self._line is _REQUEST:
            method, target, status = start.group(1).decode(), start.group(2).decode("latin-1"), 0
        else:
            method, target, status = "", "", int(start.group(1))
        del self._buffer[: end.end()]
        self._is_lost = False
        if status in _INFORMATIONAL:
            return True
        self.found += 1
        left, is_chunked = _find_length(headers, status, is_request=bool(method))
        message = _Open(self._first_ms, method, target, status, headers, left, is_chunked)
        self._open, self._first_ms = message, self._time_ms
        if left == 0:
            found.append(self._close(message, is_whole=True))
        return True

    def _wait_for_head(self) -> bool:
        """Bounded: what cannot be the beginning of a message is left out."""
        blank = len(self._buffer) - len(self._buffer.lstrip(b"\r\n"))
        del self._buffer[:blank]
        if blank and self._buffer:
            return True
        if len(self._buffer) > MAX_HEAD_BYTES:
            self._is_lost = True
            self.skipped += len(self._buffer) - MAX_HEAD_BYTES // 2
            del self._buffer[: -MAX_HEAD_BYTES // 2]
        return False

    def _read_plain(self, message: _Open, found: list[Message]) -> bool:
        part = bytes(self._buffer if message.left is None else self._buffer[: message.left])
        del self._buffer[: len(part)]
        self._keep(part)
        if message.left is None:
            return False
        message.left -= len(part)
        if message.left:
            return False
        found.append(self._close(message, is_whole=True))
        return True

    def _read_chunk(self, message: _Open, found: list[Message]) -> bool:
        head = _CHUNK.match(self._buffer)
        size = int(head.group(1), 16) if head else 0
        if head is None or size > MAX_BODY_BYTES:
            if head is None and b"\n" not in self._buffer[:_CHUNK_LINE_BYTES]:
                return False
            self._is_lost = True  # no size of a chunk stands where one must
            found.append(self._close(message, is_whole=False))
            return True
        if size == 0:
            end = _TRAILER.match(self._buffer, head.end())
            if end is None:
                return False
            del self._buffer[: end.end()]
            found.append(self._close(message, is_whole=True))
            return True
        end_at = self._buffer.find(b"\n", head.end() + size)
        if end_at < 0:
            return False
        self._keep(bytes(self._buffer[head.end() : head.end() + size]))
        del self._buffer[: end_at + 1]
        return True

    def _keep(self, part: bytes) -> None:
        """The body grows, up to its bound; what lies beyond is passed over."""
        self._body += part[: max(MAX_BODY_BYTES - len(self._body), 0)]

    def _close(self, opened: _Open, *, is_whole: bool) -> Message:
        message = Message(
            begin_ms=opened.begin_ms,
            end_ms=self._time_ms,
            method=opened.method,
            target=opened.target,
            status=opened.status,
            headers=opened.headers,
            body=bytes(self._body),
            is_whole=is_whole and len(self._body) < MAX_BODY_BYTES,
        )
        self._open = None
        self._body.clear()
        self._first_ms = self._time_ms
        return message


def _read_headers(head: bytes) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in head.splitlines():
        name, colon, value = line.partition(b":")
        if colon:
            headers[name.strip().lower().decode("latin-1")] = value.strip().decode("latin-1")
    return headers


def _find_length(
    headers: Mapping[str, str], status: int, *, is_request: bool
) -> tuple[int | None, bool]:
    """Bytes of body, None where they tell their end themselves; and whether they are chunked."""
    if "chunked" in headers.get("transfer-encoding", "").lower():
        return None, True
    length = headers.get("content-length", "")
    if length.isdecimal():
        return int(length), False
    return (0 if is_request or status in _NO_BODY else None), False
