"""Fields of calls, exact or refused: what is misread here would be bounded wrongly."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final, TypeVar

import msgspec

from tallystick.meter.nesting import bound_nesting
from tallystick.meter.parse.calls.members import find_members
from tallystick.meter.parse.counts import MAX_COUNT
from tallystick.meter.parse.errors import RequestMalformed

MAX_NAME_CHARS: Final = 256
"""Of a model's name; the longest in public price lists has 96."""

_MAX_USER_CHARS: Final = 512
_ESCAPED_ASCII: Final = b"\\u00"  # a name could be written so, and not be found by its letters

Body = TypeVar("Body", bound=msgspec.Struct)


class BodyDecoder:
    """Decodes the fields of a call that matter, and refuses bodies that could be read two ways.

    Args:
        shape: the fields; each takes anything, so that the field is named when it is wrong.
        unique: those that decide what a call costs: they come once, for of two some servers take
            the first and others the last.
        ignores_case: the upstream takes names in any case, as Go's decoder does; here they come as
            documented or are refused.
    """

    def __init__(self, shape: type[Body], *unique: str, ignores_case: bool = False) -> None:
        self._decoder = msgspec.json.Decoder(shape)
        self._names = frozenset(shape.__struct_encode_fields__)
        self._unique = tuple(
            (name, f'"{name}"'.encode(), re.compile(rb'"%s"\s*+:' % name.encode()))
            for name in unique
        )
        self._ignores_case = ignores_case

    def decode(self, body: bytes) -> Any:  # noqa: ANN401 - the shape; BodyDecoder is not generic
        """The fields of this body.

        Raises:
            RequestMalformed: it is no JSON object, or a name comes twice.
        """
        bound_nesting()
        try:
            fields = self._decoder.decode(body)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            raise RequestMalformed("", expected="a JSON object", actual=str(error)) from None
        if self._ignores_case:
            self._refuse_other_case(find_members(body))
        elif _ESCAPED_ASCII in body or self._may_repeat(fields, body):
            find_members(body)
        return fields

    def _may_repeat(self, fields: msgspec.Struct, body: bytes) -> bool:
        """Whether a name that must be unique, and is there, may come twice, at any depth."""
        for name, needle, pattern in self._unique:
            if (
                getattr(fields, name) is not None
                and body.count(needle) > 1
                and len(pattern.findall(body)) > 1
            ):
                return True
        return False

    def _refuse_other_case(self, members: Iterable[str]) -> None:
        for name in members:
            if name not in self._names and name.lower() in self._names:
                raise RequestMalformed(name, expected=name.lower(), actual=name)


def read_model(value: object) -> str:
    """The model's name.

    Raises:
        RequestMalformed: it is absent, empty, too long or no text.
    """
    if not isinstance(value, str) or not 0 < len(value) <= MAX_NAME_CHARS:
        raise RequestMalformed(
            "model", expected=f"a name of at most {MAX_NAME_CHARS} characters", actual=repr(value)
        )
    return value


def read_switch(value: object, field: str, *, default: bool = False) -> bool:
    """Whether a switch is on; null and absent are the default.

    Raises:
        RequestMalformed: it is neither true nor false; some servers would take "true" or 1.
    """
    if value is None:
        return default
    if not isinstance(value, bool):
        raise RequestMalformed(field, expected="true or false", actual=repr(value))
    return value


def read_limit(value: object, field: str) -> int | None:
    """A limit in LLM tokens; None where there is none.

    Raises:
        RequestMalformed: it is negative or no whole number.
    """
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # written as 100.0, which several servers take
    if type(value) is not int or not 0 <= value <= MAX_COUNT:
        raise RequestMalformed(field, expected=f"0 .. {MAX_COUNT}", actual=repr(value))
    return value


def read_choices(value: object, field: str) -> int:
    """How many answers are asked for, at least 1.

    Raises:
        RequestMalformed: it is no count.
    """
    return max(read_limit(value, field) or 1, 1)


def read_user(value: object) -> str | None:
    """Who calls, None where nothing usable says so."""
    is_usable = isinstance(value, str) and 0 < len(value) <= _MAX_USER_CHARS
    return str(value) if is_usable else None


def multiply_limit(limit: int | None, choices: int) -> int | None:
    """The limit over all choices together."""
    return None if limit is None else limit * choices


def is_list_of(value: object, kind: type) -> bool:
    """Whether it is a list that holds nothing else."""
    return isinstance(value, list) and all(isinstance(entry, kind) for entry in value)
