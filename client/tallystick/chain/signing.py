"""Transactions signed with nothing but the curve: RLP and EIP-155, for the settlement path.

eth-account does the same for people's transactions; importing it takes longer than a validator
otherwise takes to start, and a test holds the two to the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tallystick.chain.signer import Signer

_SHORT_BYTES: Final = 55
_STRING: Final = 0x80
_LIST: Final = 0xC0
_EIP155_OFFSET: Final = 35


@dataclass(frozen=True, slots=True)
class UnsignedTransaction:
    """A legacy transaction for one chain; it moves no value."""

    chain_id: int
    nonce: int
    gas_price_wei: int
    gas: int
    to: bytes
    """20 bytes."""
    data: bytes

    def encode(self) -> bytes:
        """What is signed: the keccak-256 of this is the digest.

        Source: EIP-155; Ethereum yellow paper, appendix B.
        """
        return encode_list([*self._fields(), _int(self.chain_id), b"", b""])

    def encode_signed(self, signature: bytes) -> bytes:
        """The raw transaction, from the 65 bytes r, s, recovery over `encode`."""
        v = signature[64] + _EIP155_OFFSET + 2 * self.chain_id
        r, s = signature[:32].lstrip(b"\0"), signature[32:64].lstrip(b"\0")
        return encode_list([*self._fields(), _int(v), r, s])

    def _fields(self) -> list[bytes]:
        return [
            _int(self.nonce),
            _int(self.gas_price_wei),
            _int(self.gas),
            self.to,
            b"",
            self.data,
        ]


async def sign_transaction(signer: Signer, transaction: UnsignedTransaction) -> bytes:
    """The raw transaction.

    Raises:
        SignerUnreachable, SignerAnswerWrong: nobody signed.
    """
    return transaction.encode_signed(await signer.sign(transaction.encode()))


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
