"""Words are read as a general decoder reads them, and refused where it refuses them."""

import pytest
from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from hypothesis import given
from hypothesis import strategies as st

from tallystick.chain.errors import AnswerMalformed
from tallystick.chain.words import find_word_readers, read_words

TYPES = ("uint8", "uint16", "uint32", "uint64", "uint256", "address", "bool", "bytes32")
small_words = st.integers(0, 300).map(lambda value: value.to_bytes(32, "big"))
words = st.one_of(small_words, st.binary(min_size=32, max_size=32))


@given(st.lists(st.tuples(st.sampled_from(TYPES), words), max_size=6))
def test_words_read_as_by_the_library(pairs: list[tuple[str, bytes]]) -> None:
    types = tuple(kind for kind, _ in pairs)
    data = b"".join(word for _, word in pairs)
    readers = find_word_readers(types)
    assert readers is not None
    try:
        expected = decode(types, data)
    except DecodingError:
        with pytest.raises(AnswerMalformed):
            read_words(readers, data)
    else:
        assert read_words(readers, data) == expected


@pytest.mark.parametrize("kind", ["string", "bytes", "uint8[]", "(uint8,bool)", "bytes4", "int8"])
def test_words_left_to_the_library_when_a_value_is_not_a_word(kind: str) -> None:
    assert find_word_readers(("uint8", kind)) is None
