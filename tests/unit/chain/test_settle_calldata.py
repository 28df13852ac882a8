"""Hand-packed settle calldata is what a general ABI encoder makes, and nothing else is read."""

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from tallystick.chain.errors import CalldataMalformed
from tallystick.chain.settle_calldata import (
    SETTLE_SELECTOR,
    SettleCall,
    decode_settle,
    encode_settle,
)


def split_words(data: bytes) -> list[bytes]:
    return [data[start : start + 32] for start in range(0, len(data), 32)]


def encode_by_library(call: SettleCall) -> bytes:
    words, signatures = split_words(call.data), split_words(b"".join(call.attestations))
    arguments = [words, call.signer_bitmap, signatures]
    return SETTLE_SELECTOR + encode(["bytes32[]", "uint256", "bytes32[]"], arguments)


calls = st.builds(
    SettleCall,
    data=st.binary(max_size=320).map(lambda data: data[: len(data) // 32 * 32]),
    signer_bitmap=st.integers(0, 2**256 - 1),
    attestations=st.lists(st.binary(min_size=64, max_size=64), max_size=4).map(tuple),
)


@given(calls)
def test_settle_calldata_equals_the_library(call: SettleCall) -> None:
    assert encode_settle(call) == encode_by_library(call)


@given(calls)
def test_settle_calldata_reads_back(call: SettleCall) -> None:
    assert decode_settle(encode_settle(call)) == call


@given(calls, st.data())
def test_settle_calldata_refused_when_any_byte_of_its_frame_changes(
    call: SettleCall, draw: st.DataObject
) -> None:
    calldata = bytearray(encode_settle(call))
    data_end = 4 + 4 * 32 + len(call.data)
    places = [*range(36), *range(68, 132), *range(data_end, data_end + 32)]
    place = draw.draw(st.sampled_from(places))
    calldata[place] ^= draw.draw(st.integers(1, 255))
    with pytest.raises(CalldataMalformed):
        decode_settle(bytes(calldata))


@given(calls, st.integers(1, 200))
def test_settle_calldata_refused_when_cut_short(call: SettleCall, missing: int) -> None:
    with pytest.raises(CalldataMalformed):
        decode_settle(encode_settle(call)[:-missing])


def test_settle_calldata_refused_when_bytes_follow() -> None:
    calldata = encode_settle(SettleCall(bytes(64), 1, (bytes(64),)))
    with pytest.raises(CalldataMalformed):
        decode_settle(calldata + bytes(32))


def test_settle_calldata_refused_when_a_signature_is_halved() -> None:
    halved = SETTLE_SELECTOR + encode(
        ["bytes32[]", "uint256", "bytes32[]"], [[bytes(32)], 1, [bytes(32)]]
    )
    with pytest.raises(CalldataMalformed):
        decode_settle(halved)


@pytest.mark.parametrize("call", [SettleCall(bytes(33), 0, ()), SettleCall(b"", 0, (bytes(65),))])
def test_settle_call_not_encoded_when_sizes_are_wrong(call: SettleCall) -> None:
    with pytest.raises(CalldataMalformed):
        encode_settle(call)
