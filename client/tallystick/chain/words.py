"""ABI values of one word each, read without a general decoder.

Nearly every event of a settlement is made of such values, a hundred events in each; a general
decoder takes longer over them than verification takes over all the batch's records.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Final

from tallystick.chain.errors import AnswerMalformed

WORD_BYTES: Final = 32
_ADDRESS_BITS: Final = 160

ReadWord = Callable[[bytes], Any]


@cache
def find_word_readers(types: tuple[str, ...]) -> tuple[ReadWord, ...] | None:
    """How to read each of the values, None where one of them is not a plain word."""
    readers = tuple(_find_reader(kind) for kind in types)
    return None if None in readers else tuple(reader for reader in readers if reader)


def read_words(readers: Sequence[ReadWord], data: bytes) -> tuple[Any, ...]:
    """The values in the data, one per reader.

    Args:
        readers: from `find_word_readers`.
        data: one word per reader.

    Raises:
        AnswerMalformed: a word holds more than its type.
    """
    return tuple(
        read(data[place * WORD_BYTES : (place + 1) * WORD_BYTES])
        for place, read in enumerate(readers)
    )


def _find_reader(kind: str) -> ReadWord | None:
    if kind == "bytes32":
        return bytes
    if kind == "address":
        return _read_address
    if kind == "bool":
        return _read_bool
    if kind.startswith("uint") and kind[4:].isdecimal():
        return _make_uint_reader(int(kind[4:]))
    return None


def _make_uint_reader(bits: int) -> ReadWord:
    limit = 1 << bits

    def read_uint(word: bytes) -> int:
        value = int.from_bytes(word, "big")
        if value >= limit:
            raise AnswerMalformed(
                "a word holds more than its type", expected=f"{bits} bits", actual=hex(value)
            )
        return value

    return read_uint


_read_address_word: Final = _make_uint_reader(_ADDRESS_BITS)
_read_bool_word: Final = _make_uint_reader(1)


def _read_address(word: bytes) -> str:
    return f"0x{_read_address_word(word):040x}"


def _read_bool(word: bytes) -> bool:
    return bool(_read_bool_word(word))
