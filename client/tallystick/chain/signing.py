"""Transactions signed with nothing but the curve: RLP and EIP-155, for the settlement path.

eth-account does the same for people's transactions; importing it takes longer than a validator
otherwise takes to start, and a test holds the two to the same bytes.
"""

from __future__ import annotations

from typing import Final

from coincurve import PrivateKey

from tallystick.core.hashes import compute_keccak256

_SHORT_BYTES: Final = 55
_STRING: Final = 0x80
_LIST: Final = 0xC0
_EIP155_OFFSET: Final = 35


def sign_transaction(
    key: PrivateKey,
    *,
    chain_id: int,
    nonce: int,
    gas_price_wei: int,
    gas: int,
    to: bytes,
    data: bytes,
) -> bytes:
    """The raw legacy transaction, signed for one chain; it moves no value.

    Source: EIP-155; Ethereum yellow paper, appendix B.
    """
    fields = [_int(nonce), _int(gas_price_wei), _int(gas), to, b"", data]
    digest = compute_keccak256(encode_list([*fields, _int(chain_id), b"", b""]))
    signature = key.sign_recoverable(digest, hasher=None)
    v = signature[64] + _EIP155_OFFSET + 2 * chain_id
    return encode_list(
        [*fields, _int(v), signature[:32].lstrip(b"\0"), signature[32:64].lstrip(b"\0")]
    )


def encode_list(items: list[bytes]) -> bytes:
    """The RLP of a list of strings."""
    payload = b"".join(_encode_string(item) for item in items)
    return _encode_length(len(payload), _LIST) + payload


def _encode_string(item: bytes) -> bytes:
    if len(item) == 1 and item[0] < _STRING:
        return item
    return _encode_length(len(item), _STRING) + item


def _encode_length(length: int, kind: int) -> bytes:
    if length <= _SHORT_BYTES:
        return bytes([kind + length])
    size = _int(length)
    return bytes([kind + _SHORT_BYTES + len(size)]) + size


def _int(value: int) -> bytes:
    """Big-endian without leading zeros, empty for 0."""
    return value.to_bytes((value.bit_length() + 7) // 8, "big")
