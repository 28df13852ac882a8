"""The contract ABI: values to bytes and back.

A codec of our own, for the types that our contracts use: the general library takes longer to import
than most commands run. Texts that are no UTF-8 are decoded with replacement characters: whoever may
write a text on chain must not be able to stop those who read it.

Source: https://docs.soliditylang.org/en/latest/abi-spec.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from tallystick.chain.errors import AnswerMalformed, ArgumentInvalid

WORD_BYTES: Final = 32
_ADDRESS_BYTES: Final = 20
_ARRAY: Final = re.compile(r"(?P<item>.+)\[(?P<count>\d*)\]", re.ASCII)
_PLAIN: Final = re.compile(r"(?P<name>uint|int|bytes)(?P<size>\d+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Codec:
    """How values of one type are written and read.

    `decode(data, start)` reads the value whose own bytes begin at `start`.
    """

    is_dynamic: bool
    head_words: int
    """What the value takes where it stands; 1, the place of an offset, where it is dynamic."""
    encode: Callable[[Any], bytes]
    decode: Callable[[bytes, int], Any]


def encode_abi(types: Sequence[str], values: Sequence[object]) -> bytes:
    """The values, encoded one after the other.

    Raises:
        ArgumentInvalid: a value does not fit its type.
    """
    return _find_sequence(tuple(types)).encode(values)


def decode_abi(types: Sequence[str], data: bytes) -> tuple[Any, ...]:
    """The values in the data; lists and structs become tuples.

    Raises:
        AnswerMalformed: the data does not decode.
    """
    values: tuple[Any, ...] = _find_sequence(tuple(types)).decode(data, 0)
    return values


@cache
def find_codec(kind: str) -> Codec:
    """The codec of a canonical type, structs written as tuples."""
    array = _ARRAY.fullmatch(kind)
    if array is not None:
        item = find_codec(array["item"])
        return _list_of(item) if not array["count"] else _array_of(item, int(array["count"]))
    if kind.startswith("("):
        return _find_sequence(split_tuple(kind))
    plain = _PLAIN.fullmatch(kind)
    if plain is not None:
        size = int(plain["size"])
        return _fixed_bytes(size) if plain["name"] == "bytes" else _integer(kind, size)
    return _NAMED[kind]


@cache
def _find_sequence(kinds: tuple[str, ...]) -> Codec:
    return _sequence_of(tuple(find_codec(kind) for kind in kinds))


def split_tuple(kind: str) -> tuple[str, ...]:
    """The types inside a tuple's."""
    parts: list[str] = []
    depth = 0
    for character in kind[1:-1]:
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            parts.append("")
        elif parts:
            parts[-1] += character
        else:
            parts.append(character)
    return tuple(parts)


def _sequence_of(items: tuple[Codec, ...]) -> Codec:
    head_bytes = WORD_BYTES * sum(item.head_words for item in items)
    is_dynamic = any(item.is_dynamic for item in items)

    def encode(values: Sequence[object]) -> bytes:
        if isinstance(values, (str, bytes)) or len(values) != len(items):
            raise ArgumentInvalid("a list of values has the wrong length", expected=len(items))
        head, tail = bytearray(), bytearray()
        for item, value in zip(items, values, strict=True):
            encoded = item.encode(value)
            if item.is_dynamic:
                head += _encode_word(head_bytes + len(tail))
                tail += encoded
            else:
                head += encoded
        return bytes(head + tail)

    def decode(data: bytes, start: int) -> tuple[Any, ...]:
        values: list[Any] = []
        place = start
        for item in items:
            at = start + _read_size(data, place) if item.is_dynamic else place
            values.append(item.decode(data, at))
            place += WORD_BYTES * item.head_words
        return tuple(values)

    return Codec(is_dynamic, 1 if is_dynamic else head_bytes // WORD_BYTES, encode, decode)


def _array_of(item: Codec, count: int) -> Codec:
    return _sequence_of((item,) * count)


def _list_of(item: Codec) -> Codec:
    def encode(values: Sequence[object]) -> bytes:
        return _encode_word(len(values)) + _array_of(item, len(values)).encode(values)

    def decode(data: bytes, start: int) -> tuple[Any, ...]:
        count = _read_size(data, start)
        first = start + WORD_BYTES
        if count * item.head_words * WORD_BYTES > len(data) - first:
            raise AnswerMalformed("a list is longer than its data", actual=count)
        return _array_of(item, count).decode(data, first)  # type: ignore[no-any-return]

    return Codec(is_dynamic=True, head_words=1, encode=encode, decode=decode)


def _integer(kind: str, bits: int) -> Codec:
    is_signed = kind.startswith("int")
    low = -(1 << (bits - 1)) if is_signed else 0
    high = (1 << (bits - is_signed)) - 1

    def encode(value: object) -> bytes:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ArgumentInvalid(
                "a number does not fit its type", expected=f"{low}..{high}", actual=str(value)
            )
        return value.to_bytes(WORD_BYTES, "big", signed=is_signed)

    def decode(data: bytes, start: int) -> int:
        value = int.from_bytes(_read_word(data, start), "big", signed=is_signed)
        if not low <= value <= high:
            raise AnswerMalformed("a word holds more than its type", expected=kind, actual=value)
        return value

    return Codec(is_dynamic=False, head_words=1, encode=encode, decode=decode)


def _fixed_bytes(size: int) -> Codec:
    def encode(value: object) -> bytes:
        if not isinstance(value, (bytes, bytearray)) or len(value) > size:
            raise ArgumentInvalid("this is not as many bytes as its type has", expected=size)
        return bytes(value).ljust(WORD_BYTES, b"\0")

    def decode(data: bytes, start: int) -> bytes:
        word = _read_word(data, start)
        if any(word[size:]):
            raise AnswerMalformed("a word holds more than its type", expected=f"bytes{size}")
        return word[:size]

    return Codec(is_dynamic=False, head_words=1, encode=encode, decode=decode)


def _encode_address(value: object) -> bytes:
    text = f"0x{value.hex()}" if isinstance(value, bytes) else str(value)
    try:
        raw = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        raw = b""
    if len(raw) != _ADDRESS_BYTES:
        raise ArgumentInvalid(
            "this is no address", expected="0x and 40 hex digits", actual=text[:80]
        )
    return raw.rjust(WORD_BYTES, b"\0")


def _decode_address(data: bytes, start: int) -> str:
    word = _read_word(data, start)
    if any(word[:-_ADDRESS_BYTES]):
        raise AnswerMalformed("a word holds more than its type", expected="address")
    return f"0x{word[-_ADDRESS_BYTES:].hex()}"


def _encode_bool(value: object) -> bytes:
    if not isinstance(value, bool):
        raise ArgumentInvalid("this is neither true nor false", actual=str(value))
    return _encode_word(int(value))


def _decode_bool(data: bytes, start: int) -> bool:
    value = int.from_bytes(_read_word(data, start), "big")
    if value > 1:
        raise AnswerMalformed("a word holds more than its type", expected="bool", actual=value)
    return bool(value)


def _encode_bytes(value: object) -> bytes:
    if not isinstance(value, (bytes, bytearray)):
        raise ArgumentInvalid("these are no bytes", actual=str(value)[:80])
    padding = -len(value) % WORD_BYTES
    return _encode_word(len(value)) + bytes(value) + bytes(padding)


def _decode_bytes(data: bytes, start: int) -> bytes:
    size = _read_size(data, start)
    first = start + WORD_BYTES
    end = first + size
    padded = end + (-size % WORD_BYTES)
    if padded > len(data) or any(data[end:padded]):
        raise AnswerMalformed("bytes run beyond their data", expected=size, actual=len(data))
    return data[first:end]


def _encode_string(value: object) -> bytes:
    if not isinstance(value, str):
        raise ArgumentInvalid("this is no text", actual=str(value)[:80])
    return _encode_bytes(value.encode())


def _decode_string(data: bytes, start: int) -> str:
    return _decode_bytes(data, start).decode(errors="replace")


def _encode_word(value: int) -> bytes:
    return value.to_bytes(WORD_BYTES, "big")


def _read_word(data: bytes, start: int) -> bytes:
    word = data[start : start + WORD_BYTES]
    if len(word) < WORD_BYTES:
        raise AnswerMalformed("data ends within a value", actual=f"{len(data)} bytes")
    return word


def _read_size(data: bytes, start: int) -> int:
    """A length or an offset: never more than there is data."""
    size = int.from_bytes(_read_word(data, start), "big")
    if size > len(data):
        raise AnswerMalformed("data points beyond its end", expected=len(data), actual=hex(size))
    return size


_NAMED: Final = {
    "address": Codec(
        is_dynamic=False, head_words=1, encode=_encode_address, decode=_decode_address
    ),
    "bool": Codec(is_dynamic=False, head_words=1, encode=_encode_bool, decode=_decode_bool),
    "bytes": Codec(is_dynamic=True, head_words=1, encode=_encode_bytes, decode=_decode_bytes),
    "string": Codec(is_dynamic=True, head_words=1, encode=_encode_string, decode=_decode_string),
}
