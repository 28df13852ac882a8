"""Values are written and read as the ABI's own library writes and reads them."""

from typing import Any

import pytest
from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError
from hypothesis import given
from hypothesis import strategies as st

from tallystick.chain.codec import decode_abi, encode_abi
from tallystick.chain.errors import AnswerMalformed, ArgumentInvalid

Typed = tuple[str, Any]

PLAIN = {
    "uint8": st.integers(0, 2**8 - 1),
    "uint256": st.integers(0, 2**256 - 1),
    "int64": st.integers(-(2**63), 2**63 - 1),
    "bool": st.booleans(),
    "address": st.binary(min_size=20, max_size=20).map(lambda raw: f"0x{raw.hex()}"),
    "bytes4": st.binary(min_size=4, max_size=4),
    "bytes32": st.binary(min_size=32, max_size=32),
    "bytes": st.binary(max_size=70),
    "string": st.text(max_size=40),
}
plain = st.sampled_from(sorted(PLAIN)).flatmap(
    lambda kind: PLAIN[kind].map(lambda value: (kind, value))
)


def _list_of(inner: st.SearchStrategy[Typed]) -> st.SearchStrategy[Typed]:
    return inner.flatmap(
        lambda item: st.integers(0, 3).map(lambda n: (f"{item[0]}[]", (item[1],) * n))
    )


def _array_of(inner: st.SearchStrategy[Typed]) -> st.SearchStrategy[Typed]:
    return inner.flatmap(
        lambda item: st.integers(1, 3).map(lambda n: (f"{item[0]}[{n}]", (item[1],) * n))
    )


def _tuple_of(inner: st.SearchStrategy[Typed]) -> st.SearchStrategy[Typed]:
    return st.lists(inner, min_size=1, max_size=4).map(
        lambda items: (f"({','.join(kind for kind, _ in items)})", tuple(v for _, v in items))
    )


typed = st.recursive(
    plain,
    lambda inner: st.one_of(_list_of(inner), _array_of(inner), _tuple_of(inner)),
    max_leaves=6,
)


@given(st.lists(typed, max_size=4))
def test_values_are_encoded_as_by_the_library_and_read_back(items: list[Typed]) -> None:
    types, values = [kind for kind, _ in items], tuple(value for _, value in items)
    data = encode(types, values)
    assert encode_abi(types, values) == data
    assert decode_abi(types, data) == values


@given(typed, st.data())
def test_damaged_data_is_read_as_by_the_library_or_refused(
    item: Typed, draw: st.DataObject
) -> None:
    kind, value = item
    data = bytearray(encode([kind], [value]))
    if data:
        data[draw.draw(st.integers(0, len(data) - 1))] ^= 1 << draw.draw(st.integers(0, 7))
    try:
        read = decode_abi([kind], bytes(data))
    except AnswerMalformed:
        return
    try:
        expected = decode([kind], bytes(data))
    except (DecodingError, UnicodeDecodeError, OverflowError):
        return
    assert read == expected


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("uint8", 256),
        ("uint8", -1),
        ("uint8", True),
        ("int8", 128),
        ("bool", 1),
        ("address", "0x12"),
        ("address", "nobody"),
        ("bytes4", b"12345"),
        ("bytes", "text"),
        ("string", b"bytes"),
        ("uint8[2]", [1]),
        ("(uint8,bool)", (1,)),
    ],
)
def test_value_is_refused_when_it_does_not_fit(kind: str, value: object) -> None:
    with pytest.raises(ArgumentInvalid):
        encode_abi([kind], [value])


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("uint8", (256).to_bytes(32, "big")),
        ("bool", (2).to_bytes(32, "big")),
        ("address", b"\1" * 32),
        ("bytes4", b"\1" * 32),
        ("uint8", bytes(31)),
        ("string", (64).to_bytes(32, "big")),
        ("uint256[]", (32).to_bytes(32, "big") + (2**60).to_bytes(32, "big")),
        ("string", (32).to_bytes(32, "big") + (40).to_bytes(32, "big") + bytes(32)),
        ("bytes", (32).to_bytes(32, "big") + (1).to_bytes(32, "big") + b"a" + b"\1" * 31),
        ("bytes", (32).to_bytes(32, "big") + (1).to_bytes(32, "big") + b"a"),
    ],
)
def test_data_is_refused_when_it_is_not_of_its_type(kind: str, data: bytes) -> None:
    with pytest.raises(AnswerMalformed):
        decode_abi([kind], data)


def test_text_that_is_no_utf8_is_read_with_replacements() -> None:
    data = encode(["bytes"], [b"a\xffb"])
    assert decode_abi(["string"], data) == ("a\ufffdb",)
