"""EIP-712: what people and programs sign for one contract on one chain, and for no other."""

from __future__ import annotations

from typing import Final

from coincurve import PrivateKey

from tallystick.core.hashes import compute_keccak256

_DOMAIN_TYPE: Final = compute_keccak256(
    b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)
_VERSION_HASH: Final = compute_keccak256(b"1")
_FIRST_V: Final = 27


def compute_domain(name: str, chain_id: int, contract: bytes) -> bytes:
    """The domain separator of a contract of ours: 32 bytes.

    Args:
        name: what the contract calls itself.
        chain_id: the network's.
        contract: its address, 20 bytes.
    """
    return compute_keccak256(
        _DOMAIN_TYPE,
        compute_keccak256(name.encode()),
        _VERSION_HASH,
        encode_word(chain_id),
        contract.rjust(32, b"\0"),
    )


def compute_typed_message(domain: bytes, type_text: str, *words: bytes) -> bytes:
    """The 66 bytes whose keccak-256 is signed.

    Args:
        domain: from `compute_domain`.
        type_text: the struct as EIP-712 writes it, such as `Lease(uint32 project,uint32 nonce)`.
        words: its fields in order, 32 bytes each.

    Source: EIP-712.
    """
    return b"\x19\x01" + domain + compute_keccak256(compute_keccak256(type_text.encode()), *words)


def compute_typed_digest(domain: bytes, type_text: str, *words: bytes) -> bytes:
    """The 32 bytes that are signed: the hash of `compute_typed_message`."""
    return compute_keccak256(compute_typed_message(domain, type_text, *words))


def sign_typed_digest(key: PrivateKey, digest: bytes) -> bytes:
    """The 65 bytes r, s, v by which a contract recovers the signer; s is low, v 27 or 28."""
    signature = key.sign_recoverable(digest, hasher=None)
    return signature[:64] + bytes([_FIRST_V + signature[64]])


def encode_word(value: int) -> bytes:
    """A number as 32 bytes, big-endian."""
    return value.to_bytes(32, "big")
