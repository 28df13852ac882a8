"""Calldata of `UsageLedger.settle(bytes32[],uint256,bytes32[])`, packed by hand.

A general ABI encoder takes seconds for what is two fixed heads around raw words here. Only the one
canonical encoding is accepted back: the ledger hashes the words, not the calldata, so any other
encoding of the same words would leave two readers free to see different transactions.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from tallystick.chain.errors import CalldataMalformed
from tallystick.core.attestation import ATTESTATION_BYTES
from tallystick.core.hashes import compute_keccak256

SETTLE_SELECTOR: Final = compute_keccak256(b"settle(bytes32[],uint256,bytes32[])")[:4]
WORD_BYTES: Final = 32

_HEAD: Final = struct.Struct(">4s 24xQ 32s 24xQ 24xQ")
"""Selector, offset of the data, signer bitmap, offset of the signatures, words of data."""
_COUNT: Final = struct.Struct(">24xQ")
_FIRST_OFFSET: Final = 3 * WORD_BYTES


@dataclass(frozen=True, slots=True)
class SettleCall:
    """The arguments of one settle call."""

    data: bytes
    signer_bitmap: int
    attestations: tuple[bytes, ...]


def encode_settle(call: SettleCall) -> bytes:
    """The transaction's calldata, selector included.

    Args:
        call: data of whole words, attestations of 64 bytes each.

    Raises:
        CalldataMalformed: the data is not made of words, or an attestation has a wrong size.
    """
    _require(len(call.data) % WORD_BYTES == 0, "data", "whole words", len(call.data))
    for attestation in call.attestations:
        size = len(attestation)
        _require(size == ATTESTATION_BYTES, "attestation", ATTESTATION_BYTES, size)
    head = _pack_head(len(call.data), call.signer_bitmap.to_bytes(WORD_BYTES, "big"))
    signature_words = len(call.attestations) * ATTESTATION_BYTES // WORD_BYTES
    return b"".join((head, call.data, _COUNT.pack(signature_words), *call.attestations))


def decode_settle(calldata: bytes) -> SettleCall:
    """The arguments of a settle call.

    Raises:
        CalldataMalformed: another function, or any encoding but the canonical one.
    """
    _require(len(calldata) >= _HEAD.size + _COUNT.size, "size", "a settle call", len(calldata))
    _, _, bitmap, _, data_words = _HEAD.unpack_from(calldata)
    data_end = _HEAD.size + data_words * WORD_BYTES
    _require(data_end + _COUNT.size <= len(calldata), "data", "inside", f"{data_words} words")
    # Packing what was read and comparing leaves no byte of the head unchecked.
    head = _pack_head(data_words * WORD_BYTES, bitmap)
    _require(calldata[: _HEAD.size] == head, "head", head.hex(), calldata[: _HEAD.size].hex())
    count_end = data_end + _COUNT.size
    (signature_words,) = _COUNT.unpack_from(calldata, data_end)
    _require(calldata[data_end:count_end] == _COUNT.pack(signature_words), "count", "a u64", "more")
    expected_bytes = count_end + signature_words * WORD_BYTES
    _require(len(calldata) == expected_bytes, "size", expected_bytes, len(calldata))
    _require(signature_words % 2 == 0, "signatures", "two words each", signature_words)
    return SettleCall(
        calldata[_HEAD.size : data_end],
        int.from_bytes(bitmap, "big"),
        tuple(
            calldata[start : start + ATTESTATION_BYTES]
            for start in range(count_end, expected_bytes, ATTESTATION_BYTES)
        ),
    )


def _pack_head(data_bytes: int, bitmap: bytes) -> bytes:
    second_offset = _FIRST_OFFSET + WORD_BYTES + data_bytes
    return _HEAD.pack(
        SETTLE_SELECTOR, _FIRST_OFFSET, bitmap, second_offset, data_bytes // WORD_BYTES
    )


def _require(holds: bool, what: str, expected: str | int, actual: str | int) -> None:  # noqa: FBT001
    if not holds:
        raise CalldataMalformed(
            f"the {what} of a settle call is wrong", expected=expected, actual=actual
        )
