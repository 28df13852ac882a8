"""Where the members of a JSON object lie in its bytes, so that one can change without the rest."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

import msgspec

from tallystick.meter.parse.errors import RequestMalformed

_TOKEN: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[{}\[\],:]', re.DOTALL)
_OPENING: Final = frozenset(b"{[")
_CLOSING: Final = frozenset(b"}]")
_QUOTE: Final = ord('"')
_COLON: Final = ord(":")
_COMMA: Final = ord(",")


class Span(NamedTuple):
    """Bytes of a value, blanks around it included."""

    start: int
    end: int


def find_members(body: bytes) -> dict[str, Span]:
    """Where the value of each member of the outermost object lies.

    Args:
        body: a JSON object, known to be well-formed.

    Raises:
        RequestMalformed: a name comes twice, and who reads it may take the one or the other.
    """
    members: dict[str, Span] = {}
    depth, name, start = 0, None, 0
    for token in _TOKEN.finditer(body):
        kind = body[token.start()]
        if kind in _OPENING:
            depth += 1
        elif kind in _CLOSING:
            depth -= 1
            if depth == 0 and name is not None:
                members[name] = Span(start, token.start())
        elif depth != 1:
            continue
        elif kind == _QUOTE and name is None:
            name = _read_name(token[0], members)
        elif kind == _COLON:
            start = token.end()
        elif kind == _COMMA and name is not None:
            members[name], name = Span(start, token.start()), None
    return members


def replace_span(body: bytes, span: Span, value: bytes) -> bytes:
    """The body with these bytes in place of a member's value."""
    return body[: span.start] + value + body[span.end :]


def _read_name(token: bytes, members: dict[str, Span]) -> str:
    try:
        name: str = msgspec.json.decode(token, type=str)
    except msgspec.DecodeError:  # a lone surrogate: nothing that anybody looks for
        name = token.decode("utf-8", "replace")
    if name in members:
        raise RequestMalformed(name[:80], expected="one member of this name", actual="several")
    return name
