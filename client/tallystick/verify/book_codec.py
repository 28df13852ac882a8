"""Books as JSON and back: dataclasses of dicts, tuples and integers of any size."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping
from typing import Any, get_args, get_origin, get_type_hints

Json = Any


def encode_book(value: Any) -> Json:  # noqa: ANN401 - whatever a book holds
    """The value as JSON can hold it: integers as decimal text, dicts as lists of pairs."""
    if dataclasses.is_dataclass(value):
        return [encode_book(getattr(value, field.name)) for field in dataclasses.fields(value)]
    match value:
        case bool() | str():
            return value
        case int():
            return str(value)
        case Mapping():
            return [[encode_book(key), encode_book(each)] for key, each in value.items()]
        case tuple() | list():
            return [encode_book(each) for each in value]
    raise TypeError(type(value).__name__)


def decode_book(kind: Any, document: Json) -> Any:  # noqa: ANN401 - as the type says
    """The value that `encode_book` wrote.

    Args:
        kind: its type, as annotated.
        document: from JSON.

    Raises:
        ValueError, TypeError: the document is of another type.
    """
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        hints = get_type_hints(kind)
        names = [field.name for field in dataclasses.fields(kind)]
        parts = zip(names, document, strict=True)
        return kind(**{name: decode_book(hints[name], part) for name, part in parts})
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is dict:
        return {decode_book(arguments[0], k): decode_book(arguments[1], v) for k, v in document}
    if origin is Counter:
        return Counter({decode_book(arguments[0], k): int(v) for k, v in document})
    if origin is list:
        return [decode_book(arguments[0], each) for each in document]
    if origin is tuple:
        return tuple(map(decode_book, arguments, document))
    return int(document) if kind is int else kind(document)
