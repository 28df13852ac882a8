"""EIP-712: what people and programs sign for one contract on one chain, and for no other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from coincurve import PrivateKey

from tallystick.core.hashes import compute_keccak256

SIGNATURE_BYTES: Final = 65

_DOMAIN_TYPE: Final = compute_keccak256(
    b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)
_FIRST_V: Final = 27


@dataclass(frozen=True, slots=True)
class Domain:
    """The contract that is to understand a signature, by the name it gives itself."""

    name: str
    chain_id: int
    contract: bytes
    """20 bytes."""
    version: str = "1"


def compute_typed_digest(domain: Domain, type_text: str, *values: int | bytes) -> bytes:
    """The 32 bytes that are signed.

    Args:
        domain: whom the signature is for.
        type_text: the struct as EIP-712 writes it, such as `Lease(uint32 project,uint32 nonce)`.
        values: its fields in order: numbers, or bytes of at most 32, filled up with zeros on the
            right as bytesN are (an address is a number here).

    Source: EIP-712.
    """
    separator = compute_keccak256(
        _DOMAIN_TYPE,
        compute_keccak256(domain.name.encode()),
        compute_keccak256(domain.version.encode()),
        _word(domain.chain_id),
        domain.contract.rjust(32, b"\0"),
    )
    struct = compute_keccak256(compute_keccak256(type_text.encode()), *map(_word, values))
    return compute_keccak256(b"\x19\x01", separator, struct)


def sign_typed_digest(key: PrivateKey, digest: bytes) -> bytes:
    """The 65 bytes r, s, v by which a contract recovers the signer; s is low, v 27 or 28."""
    signature = key.sign_recoverable(digest, hasher=None)
    return signature[:64] + bytes([_FIRST_V + signature[64]])


def _word(value: int | bytes) -> bytes:
    if isinstance(value, bytes):
        return value.ljust(32, b"\0")
    return value.to_bytes(32, "big")
